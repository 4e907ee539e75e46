"""What a command reads: a URL, a file or stdin, each with words where it cannot be read."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from telex.adapters.catalogue.urls import check_url, publisher_of
from telex.adapters.clock import SystemClock
from telex.adapters.configuration.problems import WrongValueError
from telex.adapters.http.fetcher import HttpFetcher
from telex.commands.common import say, why
from telex.core.exchange import Fetched, Kind, Request
from telex.core.identity import feed_id
from telex.core.model import Feed, Publisher
from telex.core.redact import redact_url

_STDIN_URL: Final = "https://stdin.invalid/"


def is_url(source: str) -> bool:
    """Whether a source is asked for over HTTP."""
    with suppress(ValueError):
        return urlsplit(source).scheme in {"http", "https"}
    return True  # brackets that do not fit: a URL that was meant to be one


def are_urls(command: str, urls: Iterable[str]) -> bool:
    """Whether they can be asked; says which cannot."""
    wrong = 0
    for url in urls:
        try:
            check_url(url)
        except WrongValueError as error:
            say(f"telex {command}: {redact_url(url)}: {error.what}; {error.remedy}")
            wrong += 1
    return not wrong


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file could not be read."""

    why: str


def read_files(sources: Iterable[str], limit: int) -> dict[str, bytes | Unread]:
    """The bytes of the sources that are files or stdin, each at most `limit` long."""
    return {source: _read(source, limit) for source in sources if not is_url(source)}


def _read(source: str, limit: int) -> bytes | Unread:
    try:
        if source == "-":
            body = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(source).open("rb") as file:
                body = file.read(limit + 1)
    except OSError as error:
        return Unread(f"{error.strerror}; name a URL, a readable file, or - for stdin")
    if len(body) > limit:
        return Unread(f"it is longer than {limit} bytes; telex would refuse it (fetch.max_body)")
    return body


def feed_of(url: str, *, full_text: bool) -> Feed:
    """What a catalogue with this address alone would say."""
    publisher = Publisher("file") if url.startswith("file:") else publisher_of(url)
    return Feed(id=feed_id(url), url=redact_url(url), publisher=publisher, full_text=full_text)


class Sources:
    """Gets sources: files as they were read before, URLs through the fetcher. `base` is the address that they stand for."""

    def __init__(
        self, command: str, fetcher: HttpFetcher, files: Mapping[str, bytes | Unread], base: str | None = None
    ) -> None:
        self._command = command
        self._fetcher = fetcher
        self._files = files
        self._base = base
        self._clock = SystemClock()

    def address(self, source: str) -> str:
        """What the catalogue would name."""
        if self._base or is_url(source):
            return self._base or source
        return _STDIN_URL if source == "-" else Path(source).absolute().as_uri()

    async def get(self, source: str, kind: Kind) -> Fetched | None:
        """A source's bytes, fetched or read; None, and words, where there are none."""
        if is_url(source):
            fetched = await self.fetch(source, kind)
            return replace(fetched, url=self._base) if fetched and self._base else fetched
        body = self._files[source]
        if isinstance(body, Unread):
            say(f"telex {self._command}: {redact_url(source)}: {body.why}")
            return None
        return Fetched(url=self.address(source), body=body, fetched_at=self._clock.now())

    async def fetch(self, url: str, kind: Kind) -> Fetched | None:
        """What a URL answers; None, and words, where that is no document."""
        exchange = await self._fetcher.fetch(Request(url, publisher_of(url), kind))
        if isinstance(exchange, Fetched):
            return exchange
        say(f"telex {self._command}: {redact_url(url)}: {why(exchange)}")
        return None
