"""RSS and Atom: what a parser noted, as entries and as what the feed says of itself."""

import re
from dataclasses import dataclass

from telex.core.model import Author, Digest, Entry, Hints, Markup, Media
from telex.documents import dates, limits, links, people
from telex.documents.facts import Facts, Medium, Person, Text
from telex.documents.limits import Repairs
from telex.documents.parsers import Parsed

ENCODED_TWICE = "text.encoded_twice"
_HTML = frozenset({"text/html", "html", "application/xhtml+xml", "xhtml"})
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8}){0,4}")
# RFC 4287, section 4.2.7.2: a registered relation may be written as its IRI, and none is an alternate.
_ALTERNATE = frozenset({"alternate", "", "http://www.iana.org/assignments/relation/alternate"})
_PUBLISHED = ("pubdate", "published", "dc_date", "dcterms_issued", "dcterms_created", "created", "news_date")
_UPDATED = ("dcterms_modified", "updated")
_DAYS = {"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
_PERIODS = {"hourly": 3600.0, "daily": 86400.0, "weekly": 604800.0, "monthly": 2592000.0, "yearly": 31536000.0}


@dataclass(frozen=True, slots=True)
class Header:
    """What the document says of the feed."""

    format: str
    title: str | None
    home_url: str | None
    language: str | None
    rights: str | None
    authors: tuple[Author, ...]
    hints: Hints
    withdrawn: tuple[str, ...]


def header(parsed: Parsed, url: str) -> Header:
    """The feed itself. Authors are inherited in Atom alone (RFC 4287, section 4.2.1); an RSS editor wrote no item."""
    feed, repairs = parsed.feed, Repairs()
    title = _markup(feed, ("title", "dc_title"), limits.TITLE, "title", repairs)
    atom = parsed.version.startswith("atom")
    return Header(
        format=parsed.version or "unknown",
        title=_line(title.value) if title else None,
        home_url=_alternate(feed, url),
        language=language(feed.values.get("language") or feed.language),
        rights=_rights(feed, None, repairs),
        authors=_authors(feed, url, repairs) if atom else (),
        hints=_hints(feed),
        withdrawn=tuple(map(tidy, feed.several.get("withdrawn", ()))),
    )


def entry(facts: Facts, feed: Header, url: str, raw: Digest) -> Entry:
    """The entry, as written."""
    repairs = Repairs()
    if facts.damaged:
        repairs.note(ENCODED_TWICE)
    base = facts.base or url
    content = _markup(facts, ("content",), limits.CONTENT, "content", repairs)
    summary = _summary(facts, repairs)
    floating: list[str] = []
    published = _date(facts, _PUBLISHED, repairs, floating, "published")
    updated = _date(facts, _UPDATED, repairs, floating, "updated")
    return Entry(
        raw=raw,
        guid=_guid(facts, repairs),
        link=_link(facts, base),
        title=_markup(facts, ("title", "dc_title", "news_title"), limits.TITLE, "title", repairs),
        summary=summary,
        content=content,
        authors=_authors(facts, base, repairs) or feed.authors,
        published=published,
        updated=updated,
        categories=repairs.first([tidy(term) for term in facts.categories], limits.CATEGORIES, "categories"),
        media=repairs.first(_media(facts, base, repairs), limits.MEDIA, "media"),
        language=language(facts.values.get("language") or facts.language) or feed.language,
        rights=_rights(facts, feed.rights, repairs),
        base=_base(facts, base),
        repairs=repairs.names(),
        floating=tuple(floating),
    )


def language(tag: str | None) -> str | None:
    """A language tag with hyphens (BCP 47), or None where it is none."""
    tag = (tag or "").strip().replace("_", "-")
    return tag if _LANGUAGE.fullmatch(tag) else None


def tidy(text: str) -> str:
    """The text without lone surrogates, which no encoding can carry."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("utf-8")
    return text


def _line(text: str) -> str | None:
    return " ".join(text.split()) or None


def _markup(facts: Facts, names: tuple[str, ...], limit: int, field: str, repairs: Repairs) -> Markup | None:
    for name in names:
        text = facts.texts.get(name)
        if text is not None and text.value.strip() and _is_text(text):
            return Markup(repairs.cut(tidy(text.value), limit, field), html=text.type in _HTML)
    return None


def _is_text(text: Text) -> bool:
    """Atom content may be an image in base64 (RFC 4287, section 4.1.3)."""
    return text.type.startswith("text/") or text.type in _HTML or text.type.endswith("xml")


def _summary(facts: Facts, repairs: Repairs) -> Markup | None:
    names = ("description", "summary", "abstract", "dc_description", "itunes_summary", "itunes_subtitle")
    return _markup(facts, names, limits.SUMMARY, "summary", repairs)


def _base(facts: Facts, base: str) -> str | None:
    for name in ("content", "summary", "description"):
        if name in facts.texts and facts.texts[name].base:
            return facts.texts[name].base
    return base or None


def _guid(facts: Facts, repairs: Repairs) -> str | None:
    for name in ("guid", "id", "about"):
        value = facts.values.get(name, "").strip()
        if value:
            return repairs.cut(tidy(value), limits.ADDRESS, "guid")
    return None


def _link(facts: Facts, base: str) -> str | None:
    return _alternate(facts, base) or _permalink(facts, base) or links.absolute(base, facts.values.get("origlink"))


def _alternate(facts: Facts, base: str) -> str | None:
    written = links.absolute(base, facts.values.get("link"))
    if written:
        return written
    pages = [link for link in facts.links if link.rel in _ALTERNATE]
    pages.sort(key=lambda link: link.type not in (None, "text/html", "application/xhtml+xml"))  # stable
    for link in pages:
        address = links.absolute(base, link.href)
        if address:
            return address
    return None


def _permalink(facts: Facts, base: str) -> str | None:
    """RSS 2.0: a guid is the item's address unless isPermaLink says no; only what looks like one is believed."""
    guid = facts.values.get("guid", "").strip()
    if guid and facts.permalink != "false" and links.looks_absolute(guid):
        return links.absolute(base, guid)
    return None


def _authors(facts: Facts, base: str, repairs: Repairs) -> tuple[Author, ...]:
    written = [*facts.people.get("dc_creator", ()), *facts.people.get("author", ())]
    written = written or facts.people.get("itunes_author", [])
    found = [one for one in (_author(each, base) for each in written) if one is not None]
    return repairs.first(people.distinct(found), limits.AUTHORS, "authors")


def _author(one: Person, base: str) -> Author | None:
    name, email = tidy(one.name or ""), (one.email or "").strip()[: limits.NAME] or None
    # In Atom the text of <author> is only the white space between its children.
    text = name or ("" if one.email or one.url else tidy(one.text))
    return people.person(text, links.absolute(base, one.url), email)


def _date(facts: Facts, names: tuple[str, ...], repairs: Repairs, floating: list[str], field: str) -> float | None:
    unreadable = False
    for name in names:
        text = facts.values.get(name)
        if not text:
            continue
        instant, assumed = dates.parse(text)
        if instant is not None:
            for repair in assumed:
                repairs.note(repair)
            if dates.ZONE_ASSUMED in assumed:
                floating.append(field)
            return instant
        unreadable = True
    if unreadable:
        repairs.note(dates.UNREADABLE)
    return None


def _rights(facts: Facts, inherited: str | None, repairs: Repairs) -> str | None:
    text = facts.texts.get("rights") or facts.texts.get("dc_rights")
    if text is None:
        return inherited
    return repairs.cut(tidy(text.value), limits.RIGHTS, "rights") or inherited


def _media(facts: Facts, base: str, repairs: Repairs) -> list[Media]:
    found: dict[str, Media] = {}
    for medium in facts.media:
        one = _medium(medium, facts, base, repairs)
        if one is not None:
            found.setdefault(one.url, one)
    for link in facts.links:
        address = links.absolute(base, link.href) if link.rel == "enclosure" else None
        if address:
            length = _number(link.attributes.get("length"))
            found.setdefault(address, Media(address, type=_type(link.type), length=length))
    return list(found.values())


def _medium(medium: Medium, facts: Facts, base: str, repairs: Repairs) -> Media | None:
    attributes = medium.attributes
    address = attributes.get("url") or attributes.get("href") or medium.text
    url = links.absolute(medium.base or base, address)
    if url is None:
        return None
    caption, credit = medium.caption or facts.caption, medium.credit or facts.credit
    return Media(
        url=url,
        type=_type(attributes.get("type")),
        width=_number(attributes.get("width")),
        height=_number(attributes.get("height")),
        length=_number(attributes.get("length") or attributes.get("filesize")),
        caption=repairs.cut(tidy(caption), limits.CAPTION, "caption") if caption else None,
        credit=repairs.cut(tidy(credit), limits.NAME, "credit") if credit else None,
    )


def _type(value: str | None) -> str | None:
    value = (value or "").strip().lower()
    return value if "/" in value and len(value) <= 100 else None


def _number(value: str | None) -> int | None:
    value = (value or "").strip()
    return int(value) or None if value.isascii() and value.isdecimal() and len(value) <= 15 else None


def _hints(facts: Facts) -> Hints:
    minutes = facts.values.get("ttl", "").strip()
    ttl: float | None = None
    if minutes.isascii() and minutes.isdecimal() and 0 < len(minutes) <= 6:
        ttl = int(minutes) * 60.0 or None
    hours = {int(hour) % 24 for hour in map(str.strip, facts.several.get("hour", ())) if _is_hour(hour)}
    days = {_DAYS[day.strip().lower()[:3]] for day in facts.several.get("day", ()) if day.strip().lower()[:3] in _DAYS}
    return Hints(ttl=ttl or _period(facts), skip_hours=frozenset(hours), skip_days=frozenset(days))


def _is_hour(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 2 and int(text) <= 24


def _period(facts: Facts) -> float | None:
    """RSS 1.0 syndication module: updateFrequency times in each updatePeriod, daily and 1 by default."""
    period, often = facts.values.get("period", "").strip().lower(), facts.values.get("frequency", "").strip()
    if not period and not often:
        return None
    times = int(often) if often.isascii() and often.isdecimal() and len(often) <= 6 else 1
    return _PERIODS[period or "daily"] / max(times, 1) if (period or "daily") in _PERIODS else None
