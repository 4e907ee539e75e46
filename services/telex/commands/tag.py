"""`telex tag SOURCE…`: the topics, places and mentions of texts, each with what stands in the text for it."""

import argparse
import asyncio
import codecs
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

import orjson

from telex.adapters.clock import SystemClock
from telex.adapters.http.fetcher import HttpFetcher
from telex.adapters.reading import PooledReader
from telex.app import fetch_limits
from telex.commands.common import (
    Exit,
    Subparsers,
    clean,
    config_argument,
    emit,
    is_terminal,
    run_async,
    say,
    settings,
    until,
)
from telex.commands.sources import Sources, are_urls, feed_of, is_url, read_files
from telex.core.arrivals import FeedArrived
from telex.core.events import ArticlePublished
from telex.core.exchange import Fetched, Kind
from telex.core.identity import digest
from telex.core.memory import Memory
from telex.core.model import Article, Evidence, FeedDocument, PageDocument, ReadRequest
from telex.core.redact import redact_url
from telex.core.register import Register
from telex.ingest.ingest import ingest
from telex.ingest.pages import article_of_page
from telex.settings import Config
from telex.taggers import open_tagger
from telex.tagging import language
from telex.tagging.tags import Tagger, Tags
from telex.tagging.text import Field, Text, text_of
from telex.wire.articles import tags_to_json

_MARKUP: Final = re.compile(rb"<(?:!doctype html|html|head|body|article)\b", re.IGNORECASE)
_LINE_LIMIT: Final = 10 << 20
_AROUND: Final = 40
"""Characters shown on each side of a term."""
_BOLD, _PLAIN = "\x1b[1;33m", "\x1b[0m"


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("tag", help="show a text's topics, places and mentions with their evidence")
    parser.add_argument(
        "source", nargs="*", metavar="SOURCE", help="URL, file or - for stdin: a feed, an article's page, or plain text"
    )
    parser.add_argument("--text", metavar="TEXT", help="a text; its first line is the title")
    parser.add_argument(
        "--jsonl", metavar="FILE", help="file or - of lines {title, text, language?}; one line of tags for each"
    )
    parser.add_argument(
        "--language", metavar="TAG", help="the language of texts that do not say it, such as fr (default: found out)"
    )
    parser.add_argument("--json", action="store_true", help="print the tags of each article as a line of JSON")
    config_argument(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 where everything was tagged; 1 where a source or a line could not be read."""
    if sum((bool(arguments.source), arguments.text is not None, arguments.jsonl is not None)) != 1:
        say("telex tag: name sources, or one text with --text, or a file of lines with --jsonl")
        return Exit.USAGE
    if not are_urls("tag", filter(is_url, arguments.source)):
        return Exit.USAGE
    config = settings(arguments)
    if arguments.jsonl is not None:
        return _lines(arguments.jsonl, arguments.language, open_tagger(config))
    printer = _Printer(as_json=arguments.json, colour=is_terminal())
    if arguments.text is not None:
        printer.text(arguments.text, arguments.language, open_tagger(config))
        return Exit.DONE
    return _sources(arguments, config, printer)


def _lines(file: str, stated: str | None, tagger: Tagger) -> int:
    """Tag each line of a file; a line that cannot be read has a line `{"error": …}` in its place."""
    wrong = 0
    with ExitStack() as stack:
        lines: BinaryIO = sys.stdin.buffer
        if file != "-":
            try:
                lines = stack.enter_context(Path(file).open("rb"))
            except OSError as error:
                say(f"telex tag: {file}: {error.strerror}; name a readable file, or - for stdin")
                return Exit.PROBLEM
        for number, line in enumerate(iter(lambda: lines.readline(_LINE_LIMIT), b""), start=1):
            try:
                tags = tagger.tag(_text_of(line, stated))
            except ValueError as error:
                wrong += 1
                say(f"telex tag: {file}:{number}: {error}")
                emit(orjson.dumps({"error": f"line {number}: {error}"}))
                continue
            emit(tags_to_json(tags.topics, tags.places, tags.mentions))
    return Exit.PROBLEM if wrong else Exit.DONE


def _text_of(line: bytes, stated: str | None) -> Text:
    """The text in a line of JSON; members that it does not know are passed over.

    Raises:
        ValueError: there is no text in it, or no JSON.
    """
    try:
        found = orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        what = str(error).partition(": line 1 ")[0]
        raise ValueError(f"no JSON: {what}; write one object on each line") from error
    fields = found if isinstance(found, dict) else {}
    wrong = [key for key in ("title", "text", "language") if not isinstance(fields.get(key), str | None)]
    if wrong:
        raise ValueError(f"{wrong[0]} is no text; write a string or leave it out")
    if fields.get("title") is None and fields.get("text") is None:
        raise ValueError("neither title nor text; write {title, text, language?}")
    return _read(fields.get("title"), fields.get("text"), fields.get("language") or stated)


def _read(title: str | None, body: str | None, stated: str | None) -> Text:
    """The text in the language that was stated, else in the one that it seems to be, as articles are read."""
    words = "\n".join(filter(None, (title, body)))
    return text_of(title=title, body=body, language=stated or language.likely(words))


def _sources(arguments: argparse.Namespace, config: Config, printer: "_Printer") -> int:
    # Before the loop runs: reading from a terminal or a pipe may take for ever, and Ctrl-C has to end it.
    files = read_files(arguments.source, config.fetch.max_body)
    tagger = open_tagger(config)

    async def work(stop: asyncio.Event) -> int:
        async with HttpFetcher(fetch_limits(config), SystemClock()) as fetcher:
            reader = PooledReader()
            sources = Sources("tag", fetcher, files)

            async def tag_all() -> int:
                codes = [
                    await _source(sources, source, reader, tagger, printer, arguments.language)
                    for source in arguments.source
                ]
                return max(codes)

            try:
                code = await until(stop, tag_all())
            finally:
                await reader.close()
        return Exit.INTERRUPTED if code is None else code

    return run_async(work)


async def _source(
    sources: Sources, source: str, reader: PooledReader, tagger: Tagger, printer: "_Printer", stated: str | None
) -> int:
    fetched = await sources.get(source, Kind.PAGE)
    if fetched is None:
        return Exit.PROBLEM
    articles = await _articles(sources.address(source), fetched, reader, tagger)
    if articles is not None:
        for article in articles:
            printer.article(article)
        if not articles:
            say(f"telex tag: {redact_url(source)}: a feed without articles")
        return Exit.DONE
    if is_url(source):
        say(f"telex tag: {redact_url(source)}: neither a feed nor an article's page")
        return Exit.PROBLEM
    printer.text(fetched.body.decode("utf-8", "replace"), stated, tagger)
    return Exit.DONE


async def _articles(address: str, fetched: Fetched, reader: PooledReader, tagger: Tagger) -> list[Article] | None:
    """The articles of a feed or a page, tagged; None where it is neither."""
    feed = feed_of(address, full_text=False)
    if _MARKUP.search(fetched.body[:4096]):
        page = await reader.read_page(fetched.body, fetched.content_type, fetched.url)
        if isinstance(page, PageDocument):
            return [article_of_page(feed, page, fetched.fetched_at, tagger)]
    document = await reader.read_feed(ReadRequest(fetched.body, fetched.content_type, fetched.url))
    if not isinstance(document, FeedDocument):
        return None
    arrival = FeedArrived(document, digest(fetched.body), fetched.url, None, None, None)
    events = ingest(feed, Memory(), Register(), arrival, fetched.fetched_at, tagger).events
    return [event.article for event in events if isinstance(event, ArticlePublished)]


class _Printer:
    """Shows tags: as JSON, or for people with the terms where they stand."""

    def __init__(self, *, as_json: bool, colour: bool) -> None:
        self._as_json = as_json
        self._marks = (_BOLD, _PLAIN) if colour else ("[", "]")
        self._printed = 0

    def text(self, text: str, stated: str | None, tagger: Tagger) -> None:
        """Tag a text whose first line is its title."""
        title, _, body = text.strip().partition("\n")
        fields = {Field.TITLE: title.strip(), Field.BODY: body.strip()}
        tags = tagger.tag(_read(title.strip(), body.strip(), stated))
        self._show(tags, fields)

    def article(self, article: Article) -> None:
        """Show an article's tags."""
        fields = {Field.TITLE: article.title, Field.SUMMARY: article.summary, Field.BODY: article.body}
        tags = Tags(article.topics, article.places, article.mentions)
        self._show(tags, {field: text for field, text in fields.items() if text})

    def _show(self, tags: Tags, fields: dict[Field, str]) -> None:
        if self._as_json:
            emit(tags_to_json(tags.topics, tags.places, tags.mentions))
            return
        if self._printed:
            print()
        self._printed += 1
        if title := fields.get(Field.TITLE):
            print(clean(title))
        for name, rows in (("topics", _topics(tags)), ("places", _places(tags)), ("mentions", _mentions(tags))):
            self._section(name, rows, fields)
        sys.stdout.flush()

    def _section(self, name: str, rows: Iterable[tuple[str, tuple[Evidence, ...]]], fields: dict[Field, str]) -> None:
        rows = list(rows)
        print(f"{name}:" if rows else f"{name}: none")
        for words, evidence in rows:
            print(f"  {clean(words)}")
            for one in evidence:
                print(f"      {one.field:<8} {self._snippet(one, fields)}")

    def _snippet(self, evidence: Evidence, fields: dict[Field, str]) -> str:
        """The term between what stands around it; alone where its field is not shown, as a category is."""
        before, after = self._marks
        text = fields.get(Field(evidence.field), "")
        start, end = evidence.offset, evidence.offset + len(evidence.term)
        if text[start:end] != evidence.term:
            return f"{before}{clean(evidence.term)}{after}"
        left, right = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
        left = ("…" if start > _AROUND else "") + clean(left)
        right = clean(right) + ("…" if end + _AROUND < len(text) else "")
        return f"{left}{before}{clean(evidence.term)}{after}{right}"


def _topics(tags: Tags) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for topic in tags.topics:
        yield f"{topic.confidence:.2f}  {topic.code}  {topic.name}", topic.evidence


def _places(tags: Tags) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for place in tags.places:
        yield f"{place.code}  {place.name} ({place.role})", place.evidence


def _mentions(tags: Tags) -> Iterator[tuple[str, tuple[Evidence, ...]]]:
    for mention in tags.mentions:
        known = f", {mention.wikidata}" if mention.wikidata else ""
        yield f"{mention.name} ({mention.kind}{known})", mention.evidence
