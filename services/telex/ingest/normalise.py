"""From an entry as written to an article as published: a visible list of steps, each testable alone."""

import functools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

from telex.core import urls
from telex.core.identity import article_id, digest
from telex.core.model import Author, BodyFrom, Digest, Entry, Feed, Markup, Source
from telex.core.redact import redact_url
from telex.documents import boilerplate, bylines, characters, limits
from telex.documents.markup import sanitise, to_text
from telex.ingest import dating
from telex.ingest.draft import Draft
from telex.tagging import language

Step = Callable[[Draft], None]

BODY_LIMIT = 200_000
BODY_HTML_LIMIT = 300_000
SUMMARY_LIMIT = 20_000
TITLE_LIMIT = 1_000
CLOSED_TITLE_LIMIT = 300
CLOSED_LIMIT = 6_000
"""A longer text loses its marks of direction: three times as much must not reach another limit, which would cut them."""
_LANGUAGE = re.compile(r"^([A-Za-z]{2,3})(?:[-_]([A-Za-z0-9]{2,8}))*$")


@dataclass(frozen=True, slots=True)
class Context:
    """What an entry does not say itself: its feed, the source that events name, and when it was fetched.

    `repairs` names what had to be guessed of the whole document. `skew` is by how many seconds its server's clock ran ahead.
    """

    feed: Feed
    source: Source
    language: str | None
    fetched_at: float
    repairs: tuple[str, ...] = ()
    skew: float = 0.0


class Named(NamedTuple):
    """An entry with what it is known by: its identity, the digest of that, and its canonical address."""

    entry: Entry
    identity: str
    key: Digest
    url: str | None


def named(entry: Entry) -> Named:
    """The entry with its names: its own id, else its canonical link, else its content make it this entry.

    An id that is a URL is compared as URLs are, so that a feed that gives a permalink as id and another that gives the
    same permalink as link only mean the same article.
    """
    url = urls.canonical(entry.link)
    if entry.guid and entry.guid != entry.link:
        identity = urls.identity(entry.guid) or entry.guid
    elif url is not None:
        identity = urls.identity_of_canonical(url)
    else:
        identity = entry.guid or _content_of(entry)
    return Named(entry, identity, digest(identity.encode("utf-8", "surrogatepass")), url)


def _content_of(entry: Entry) -> str:
    parts = (entry.title, entry.summary, entry.content)
    texts = (" ".join(part.value.split()) if part else "" for part in parts)
    return "content:" + digest(*(text.encode("utf-8", "surrogatepass") for text in texts)).hex()


def source_of(feed: Feed, title: str | None, home_url: str | None) -> Source:
    """The source that an event names: what the catalogue says first, then what the feed says of itself."""
    return Source(
        publisher=feed.publisher,
        id=feed.id,
        name=feed.name or title,
        feed_url=redact_url(feed.url),
        home_url=home_url,
        country=feed.country,
        profile=feed.profile,
    )


def draft(name: Named, context: Context) -> Draft:
    """The entry as an article of version 0, through every step of `NORMALISE`."""
    entry, feed = name.entry, context.feed
    body = to_text(entry.content) if entry.content else None
    made = Draft(
        id=article_id(feed.publisher, name.identity),
        url=name.url,
        link=entry.link,
        guid=entry.guid,
        title=to_text(entry.title) if entry.title else None,
        summary=to_text(entry.summary) if entry.summary else None,
        body=body,
        body_html=_html(entry.content, entry.base) if body else None,
        language=entry.language or context.language or feed.language,
        authors=entry.authors,
        published_at=entry.published,
        updated_at=entry.updated,
        first_seen_at=context.fetched_at,
        published_at_source="feed" if entry.published is not None else None,
        source=context.source,
        feeds=(feed.id,),
        categories=entry.categories + feed.categories,
        media=entry.media,
        rights=entry.rights,
        fetched_at=context.fetched_at,
        entry_digest=entry.raw.hex(),
        body_from=BodyFrom.FEED if body else None,
        repairs=entry.repairs,
    )
    for repair in context.repairs:
        made.note(repair)
    dating.settle(made, entry, feed.timezone, context.skew)
    trim(made, feed.boilerplate)
    tidy(made)
    return made


def _html(markup: Markup | None, base: str | None) -> str | None:
    if markup is None or not markup.html:
        return None
    return sanitise(markup, base) or None


def trim(made: Draft, own: tuple[str, ...]) -> None:
    """Take off what the publisher puts before and behind its texts; `own` is what the catalogue knows of it."""
    if made.summary:
        made.summary = boilerplate.without(made.summary, own) or None
    body = made.body
    if body:
        rest = boilerplate.without(body, own)
        if rest != body:
            made.body = rest or None
            if made.body_html:
                made.body_html = boilerplate.html_without(made.body_html, _gone(body, rest)) or None


def _gone(before: str, after: str) -> list[str]:
    """The paragraphs at the end that went whole, the last first."""
    paragraphs = before.split("\n\n")
    return paragraphs[len(after.split("\n\n")) :][::-1]


def tidy(made: Draft) -> None:
    """Every step in order; a second time changes nothing."""
    for step in NORMALISE:
        step(made)


def _one_line(text: str | None, limit: int) -> str | None:
    if text is None:
        return None
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return (line if len(line) <= limit else line[:limit].rstrip()) or None


def unescape_title(made: Draft) -> None:
    """A title that was surely escaped twice is decoded once more."""
    if made.title and "&" in made.title:
        plain = characters.unescaped_again(made.title)
        if plain != made.title:
            made.title = plain
            made.note(characters.UNESCAPED)


def close_directions(made: Draft) -> None:
    """No text turns the direction of what is shown behind it: titles and texts are closed, names lose their marks."""
    made.title = _closed(made, made.title, CLOSED_TITLE_LIMIT)
    made.summary, made.body = _closed(made, made.summary), _closed(made, made.body)
    if made.body_html is not None and not _is_closed(made.body_html):
        made.body_html = characters.undirected(made.body_html)
    if any(_is_directed(author.name) for author in made.authors):
        made.note(characters.DIRECTIONS)
        made.authors = tuple(replace(one, name=characters.undirected(one.name or "")) for one in made.authors)
    if any(map(_is_directed, made.categories)):
        made.note(characters.DIRECTIONS)
        made.categories = tuple(map(characters.undirected, made.categories))
    if any(_is_directed(media.caption) or _is_directed(media.credit) for media in made.media):
        made.media = tuple(
            replace(media, caption=_closed(made, media.caption), credit=_closed(made, media.credit))
            for media in made.media
        )


def _is_directed(text: str | None) -> bool:
    return text is not None and characters.is_directed(text)


def _is_closed(text: str) -> bool:
    return not characters.is_directed(text) or characters.closed(text) == text


def _closed(made: Draft, text: str | None, limit: int = CLOSED_LIMIT) -> str | None:
    if text is None or not characters.is_directed(text):
        return text
    whole, bare = characters.closed(text), characters.undirected(text)
    if len(bare) > limit or len(whole) > 3 * limit:
        whole = bare
    if whole == text and bare.strip():
        return text
    made.note(characters.DIRECTIONS)
    return to_text(Markup(whole, html=False)) if bare.strip() else None


def tidy_title(made: Draft) -> None:
    """A title is one line."""
    made.title = _one_line(made.title, TITLE_LIMIT)


def within_limits(made: Draft) -> None:
    """Text that would not fit a record is cut at its limit, and `truncated` says so."""
    body, html, summary = made.body or "", made.body_html or "", made.summary or ""
    if len(body) <= BODY_LIMIT and len(html) <= BODY_HTML_LIMIT and len(summary) <= SUMMARY_LIMIT:
        return
    made.truncated = True
    if len(html) > BODY_HTML_LIMIT:
        made.body_html = None
    made.body = body[:BODY_LIMIT].rstrip() if made.body is not None else None
    made.summary = summary[:SUMMARY_LIMIT].rstrip() if made.summary is not None else None


def body_is_no_summary(made: Draft) -> None:
    """A body that only repeats the summary is none; a summary that repeats the title is none."""
    made.summary, made.body = made.summary or None, made.body or None
    if made.summary and made.title and _same_words(made.summary, made.title):
        made.summary = None
    if made.summary and made.body and _same_words(made.body, made.summary):
        made.body = None
    if made.body is None:
        made.body_html = made.body_from = None


def _same_words(one: str, other: str) -> bool:
    """Whether the texts differ in white space alone. Neither begins or ends with any."""
    return one[0] == other[0] and one[-1] == other[-1] and one.split() == other.split()


def tidy_people(made: Draft) -> None:
    """Names are one line each and stand once, several in a byline apart; an author without name, address or URL is none."""
    if not made.authors:
        return
    seen: dict[tuple[str | None, str | None, str | None], Author] = {}
    for author in made.authors:
        name, url, email = _one_line(author.name, 500), author.url or None, author.email or None
        for one in bylines.of_entry(Author(name, url, email)):
            seen.setdefault((one.name, one.url, one.email), one)
    made.authors = tuple(seen.values())[: limits.AUTHORS]


def tidy_categories(made: Draft) -> None:
    """Categories are one line each and stand once, in the entry's order."""
    if made.categories:
        clean = (_one_line(category, 200) for category in made.categories)
        made.categories = tuple(dict.fromkeys(category for category in clean if category))


def tidy_language(made: Draft) -> None:
    """A language is a BCP 47 tag with its subtags in their usual case, or unknown."""
    made.language = _language(made.language) if made.language else None


LANGUAGE_DETECTED = "language.detected"
LANGUAGE_OVERRULED = "language.detected_otherwise"


def check_language(made: Draft) -> None:
    """What is declared is checked against the text: a clear conflict overrules it, silence is filled, and both are said.

    A regional variant is only ever declared: detection tells French, not which.
    """
    text = f"{made.title or ''} {made.summary or made.body or ''}"
    declared = made.language.partition("-")[0] if made.language else None
    if declared is None:
        made.language = language.likely(text)
        if made.language:
            made.note(LANGUAGE_DETECTED)
        return
    if language.confirms(text, declared):
        return
    guess = language.detect(text)
    if guess is None or language.same(guess.language, declared):
        return
    if guess.certain and language.is_enough(text):
        made.language = guess.language
        made.note(LANGUAGE_OVERRULED)


@functools.lru_cache(256)
def _language(tag: str) -> str | None:
    found = _LANGUAGE.match(tag.strip())
    if not found:
        return None
    first, *rest = re.split(r"[-_]", found.group())
    parts = [part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest]
    return "-".join([first.lower(), *parts])


def count_words(made: Draft) -> None:
    """Words of the body, else of the summary: runs without white space."""
    made.word_count = len((made.body or made.summary or "").split())


NORMALISE: tuple[Step, ...] = (
    unescape_title,
    close_directions,
    tidy_title,
    within_limits,
    body_is_no_summary,
    tidy_people,
    tidy_categories,
    tidy_language,
    check_language,
    dating.no_future,
    count_words,
)
