"""What each element is to the direct reader: `noting`'s handlers, as a table."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from telex.documents.direct_notes import Notes


class Kind(Enum):
    """How an element is read."""

    NOTHING = auto()  # its children count as its parent's
    VALUE = auto()  # its text is noted under a name
    DATE = auto()  # as a value, but the last counts
    TEXT = auto()  # its text is noted with a type and a base
    OTHER = auto()  # by its functions
    AUTHOR = auto()
    PART = auto()  # of an author
    APART = auto()  # nothing in it is the entry's
    ROOT = auto()
    REFUSED = auto()  # feedparser reads it by rules of its own


@dataclass(frozen=True, slots=True)
class Element:
    """An element.

    `name` is what its text is noted under, `default` the type of a text that names none, `part` what it is inside an
    author. `begin` says whether its text is wanted by `finish`. `children` are those that an element apart may have.
    """

    kind: Kind
    name: str = ""
    default: str = ""
    part: str | None = None
    begin: Callable[[Notes, dict[str, str]], bool] | None = None
    finish: Callable[[Notes, str], None] | None = None
    leave: Callable[[Notes], None] | None = None
    children: frozenset[str] = frozenset()


_PARTS = {
    "name": "name", "itunes_name": "name", "url": "href", "uri": "href", "homepage": "href", "email": "email",
    "itunes_email": "email",
}  # fmt: skip
_DATES = {
    "pubdate": "pubdate", "published": "published", "issued": "published", "updated": "updated", "modified": "updated",
    "lastbuilddate": "lastbuilddate", "created": "created", "dc_date": "dc_date", "dcterms_issued": "dcterms_issued",
    "dcterms_created": "dcterms_created", "dcterms_modified": "dcterms_modified", "sitemap_lastmod": "updated",
    "news_publication_date": "news_date",
}  # fmt: skip
_VALUES = {
    "language": "language", "dc_language": "language", "news_language": "language", "ttl": "ttl", "sy_updateperiod": "period",
    "sy_updatefrequency": "frequency", "id": "id", "feedburner_origlink": "origlink",
}  # fmt: skip
_TEXTS = {
    "title": ("title", "text/plain"),
    "dc_title": ("dc_title", "text/plain"),
    "description": ("description", "text/html"),
    "dc_description": ("dc_description", "text/html"),
    "abstract": ("abstract", "text/plain"),
    "summary": ("summary", "text/plain"),
    "itunes_summary": ("itunes_summary", "text/plain"),
    "itunes_subtitle": ("itunes_subtitle", "text/plain"),
    "content": ("content", "text/plain"),
    "content_encoded": ("content", "text/html"),
    "fullitem": ("content", "text/html"),
    "rights": ("rights", "text/plain"),
    "copyright": ("rights", "text/plain"),
    "dc_rights": ("dc_rights", "text/plain"),
    "subtitle": ("subtitle", "text/plain"),
    "tagline": ("subtitle", "text/plain"),
    "news_title": ("news_title", "text/plain"),
}
_AUTHORS = {
    "author": "author",
    "managingeditor": "managingeditor",
    "dc_creator": "dc_creator",
    "dc_author": "dc_creator",
    "itunes_author": "itunes_author",
}
_ENTRY = Element(Kind.OTHER, begin=Notes.begin_entry, leave=Notes.leave_entry)
_CATEGORY = Element(Kind.OTHER, finish=Notes.finish_category)
_KEYWORDS = Element(Kind.OTHER, begin=Notes.begin_keywords, finish=Notes.finish_keywords)
_WORDS = Element(Kind.OTHER, finish=lambda _notes, _text: None)
_OTHERS = {
    "item": _ENTRY,
    "entry": _ENTRY,
    "sitemap_url": _ENTRY,
    "channel": Element(Kind.OTHER, begin=Notes.begin_channel),
    "guid": Element(Kind.OTHER, begin=Notes.begin_guid, finish=Notes.finish_guid),
    "sitemap_loc": Element(Kind.OTHER, finish=Notes.finish_link),
    "link": Element(Kind.OTHER, begin=Notes.begin_link, finish=Notes.finish_link),
    "category": _CATEGORY,
    "keywords": _CATEGORY,
    "dc_subject": _CATEGORY,
    "media_category": _CATEGORY,
    "media_keywords": _KEYWORDS,
    "itunes_keywords": _KEYWORDS,
    "news_keywords": Element(Kind.OTHER, finish=Notes.finish_keywords),
    "image_loc": Element(Kind.OTHER, finish=Notes.finish_image),
    "itunes_category": Element(Kind.OTHER, begin=Notes.begin_topic),
    "hour": Element(Kind.OTHER, finish=Notes.finish_hour),
    "day": Element(Kind.OTHER, finish=Notes.finish_day),
    "enclosure": Element(Kind.OTHER, begin=Notes.begin_enclosure),
    "media_content": Element(Kind.OTHER, begin=Notes.begin_content, leave=Notes.leave_content),
    "media_group": Element(Kind.OTHER, begin=Notes.begin_group, leave=Notes.leave_group),
    "media_thumbnail": Element(Kind.OTHER, begin=Notes.begin_thumbnail, finish=Notes.finish_thumbnail),
    "media_description": Element(Kind.OTHER, finish=Notes.finish_caption),
    "media_credit": Element(Kind.OTHER, finish=Notes.finish_credit),
    "media_title": _WORDS,
    "media_text": _WORDS,
    "itunes_image": Element(Kind.OTHER, begin=Notes.begin_picture),
    "body": Element(Kind.REFUSED),  # XHTML
    "xhtml_body": Element(Kind.REFUSED),
    "rss": Element(Kind.ROOT),
    "feed": Element(Kind.ROOT),
    "rdf_rdf": Element(Kind.ROOT),
    "sitemap_urlset": Element(Kind.ROOT),
    "at_deleted-entry": Element(Kind.APART, "tombstone", begin=Notes.begin_tombstone),
}
_APART = {
    "source": "",  # any but what ends it early
    "image": "url title link width height description",
    "textinput": "title link description name",
    "itunes_owner": "itunes_name itunes_email name email",
}
NOTHING = Element(Kind.NOTHING)
ELEMENTS: dict[str, Element] = {
    **{name: Element(Kind.NOTHING, part=part) for name, part in _PARTS.items()},
    **{name: Element(Kind.VALUE, under) for name, under in _VALUES.items()},
    **{name: Element(Kind.DATE, under) for name, under in _DATES.items()},
    **{name: Element(Kind.TEXT, under, default) for name, (under, default) in _TEXTS.items()},
    **{name: Element(Kind.AUTHOR, kind) for name, kind in _AUTHORS.items()},
    **_OTHERS,
    **{name: Element(Kind.APART, name, children=frozenset(inside.split())) for name, inside in _APART.items()},
}
