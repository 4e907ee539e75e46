"""Articles that wait for their page: the want, the page, and going out without it."""

from dataclasses import replace

from telex.core import urls
from telex.core.arrivals import PageArrived
from telex.core.identity import digest
from telex.core.memory import WANTS_LIMIT, Known, Mark, Meaning, Memory, Want
from telex.core.model import Article, BodyFrom, Change, Digest, Entry, Feed, Markup, PageDocument
from telex.core.register import Register, Standing
from telex.documents.markup import sanitise, to_text
from telex.ingest import dating
from telex.ingest.draft import Draft, draft_of
from telex.ingest.meaning import CHANGE_LIMIT
from telex.ingest.normalise import Context, draft, named, source_of, tidy, trim
from telex.ingest.work import Work
from telex.tagging.tags import Tagger

PAGE_WAIT = 60.0
"""Seconds that an article waits for its page before it goes out without."""
PAGE_EXPIRY = 3600.0
"""Seconds after which the page is no longer wanted."""
WANTS_TEXT = 400_000
"""Bytes of text that may wait in all: drafts stand in the feed's memory, which is one record. With the most entries that
a feed may have (10,000 of 55 bytes) it stays below 1 MiB, however badly the text packs."""


def article_of_page(feed: Feed, page: PageDocument, now: float, tagger: Tagger) -> Article:
    """What a page alone would make: an article of version 1 whose only source is the page."""
    title = Markup(page.title, html=False) if page.title else None
    entry = Entry(raw=digest(page.url.encode("utf-8", "surrogatepass")), link=page.url, title=title)
    made = draft(named(entry), Context(feed, source_of(feed, None, None), page.language, now))
    _take_page(made, page, feed.boilerplate)
    work = Work(feed, Memory(), Register(), now, tagger)
    return work.emit(made, None)


def was_taken_back(work: Work, key: Digest, meaning: Meaning) -> bool:
    """Whether an edit that waits for its page was taken back: then there is nothing to tell, and the want is dropped."""
    waiting = work.wants.get(key)
    if waiting is None or waiting.draft.version or waiting.told != meaning:
        return False
    del work.wants[key]
    return True


def wait_for_page(work: Work, key: Digest, made: Draft, told: Meaning) -> bool:
    """Let the article wait for its page where its feed asks for that; whether it waits.

    `told` is what the article's last version said, empty for a new article.
    """
    waiting = work.wants.get(key)
    if not work.feed.full_text or urls.canonical(made.link) is None:
        return False
    if waiting is None and len(work.wants) >= WANTS_LIMIT:
        return False
    others = (want.draft for name, want in work.wants.items() if name != key)
    if _size(made) + sum(map(_size, others)) > WANTS_TEXT:
        work.wants.pop(key, None)
        return False
    if waiting and waiting.draft.version == 0:
        made.changes = waiting.draft.changes or made.changes
        made.backfill = waiting.draft.backfill
        work.wants[key] = replace(waiting, draft=made.article())
    else:
        work.wants[key] = Want(key, made.article(), work.now + PAGE_WAIT, work.now + PAGE_EXPIRY, told)
    return True


def _size(article: Article | Draft) -> int:
    return sum(
        len((text or "").encode("utf-8", "surrogatepass"))
        for text in (article.title, article.summary, article.body, article.body_html)
    )


def wants_due(work: Work) -> None:
    """Publish what waited long enough; forget what is past its end. A clock that jumped back ends no wait early."""
    for key, want in list(work.wants.items()):
        if want.draft.version == 0 and work.now >= want.deadline:
            article = _go_out(work, key, draft_of(want.draft))
            work.wants[key] = replace(want, draft=article)
        elif want.draft.version and work.now >= want.expires:
            del work.wants[key]
        elif want.deadline > work.now + PAGE_WAIT:
            work.wants[key] = replace(want, deadline=work.now + PAGE_WAIT, expires=work.now + PAGE_EXPIRY)


def let_go(work: Work) -> None:
    """Publish all that waits and want no page any more: the feed leaves, and nobody will ask for them."""
    for key, want in work.wants.items():
        if want.draft.version == 0:
            _go_out(work, key, draft_of(want.draft))
    work.wants.clear()


def page_arrived(work: Work, arrival: PageArrived) -> None:
    """Publish the article with its page, or update it with the page where it went out without."""
    want = work.wants.pop(arrival.key, None)
    if want is None:
        return
    made = draft_of(want.draft)
    _take_page(made, arrival.page, work.feed.boilerplate)
    if want.draft.version == 0:
        _go_out(work, arrival.key, made)
    elif made.body is not None and made.body != want.draft.body:
        cut = made.body[:CHANGE_LIMIT]
        made.changes = (Change("body", want.draft.body and want.draft.body[:CHANGE_LIMIT], cut),)
        made.backfill = False
        _go_out(work, arrival.key, made)


def _go_out(work: Work, key: Digest, made: Draft) -> Article:
    """Emit the article and note it in the window, or among the departed should it have left meanwhile."""
    mine, present = _find(work, key)
    standing = work.standing(made.id, mine, present=present)
    if standing and made.version == 0 and _told_elsewhere(standing, mine, made):
        # Another feed told it while this one waited: only a body that it lacks is news.
        if standing.bodied or made.body is None:
            made.version = standing.version
            return made.article()
        made.changes, made.backfill = (Change("body", None, made.body[:CHANGE_LIMIT]),), False
    article = work.emit(made, standing)
    if mine is not None:
        marks = (mine.marks | (Mark.BODIED if article.body else Mark.NONE)) & ~Mark.WITHDRAWN
        told = replace(mine, version=article.version, marks=marks | Mark.TOLD, reign=max(mine.reign, 1))
        _note(work, told)
    return article


def _told_elsewhere(standing: Standing, mine: Known | None, made: Draft) -> bool:
    if standing.withdrawn:
        return False  # that it is back is news, whatever it says
    if not made.changes:
        return standing.version > 0
    return mine is not None and standing.version > mine.version and standing.latest == mine.meaning


def _find(work: Work, key: Digest) -> tuple[Known | None, bool]:
    for known in work.known:
        if known.key == key:
            return known, known.missing_since is None
    left = work.departed.get(key)
    return (left.known if left else None), False


def _note(work: Work, known: Known) -> None:
    left = work.departed.get(known.key)
    if left:
        work.departed[known.key] = replace(left, known=known)
    work.known = tuple(known if other.key == known.key else other for other in work.known)


def _take_page(made: Draft, page: PageDocument, own: tuple[str, ...]) -> None:
    """Fill the article with what its page says and its feed did not; the page's text is its body."""
    body = to_text(Markup(page.text, html=False)) if page.text else None
    if body:
        made.body, made.body_from = body, BodyFrom.PAGE
        made.body_html = sanitise(Markup(page.html, html=True), page.url) if page.html else None
    if page.published is not None and made.published_at_source in {None, "url"}:
        made.published_at, made.published_at_source = page.published, "page"
        made.repairs = tuple(repair for repair in made.repairs if repair != dating.FROM_URL)
    if made.updated_at is None:
        made.updated_at = page.updated
    made.title = made.title or page.title
    made.summary = made.summary or page.summary
    made.authors = made.authors or page.authors
    made.language = made.language or page.language
    made.media = made.media or page.media
    for repair in page.repairs:
        made.note(repair)
    trim(made, own)
    tidy(made)
