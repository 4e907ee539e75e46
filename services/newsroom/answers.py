"""Answers over HTTP: validators, 304, and bodies that are whole, slow or cut."""

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import cached_property

from aiohttp import web

PIECES = 10
"""A slow body comes in so many pieces."""


@dataclass(frozen=True)
class Copy:
    """A representation that can be sent: a body, when it last changed (epoch seconds), and which validators it shows."""

    body: bytes
    content_type: str
    modified: float
    etag_shown: bool = True
    modified_shown: bool = True
    encoding: str | None = None

    @cached_property
    def etag(self) -> str:
        """A strong entity tag over the exact body (RFC 9110, 8.8.3): noise changes it too."""
        return f'"{hashlib.blake2b(self.body, digest_size=10).hexdigest()}"'

    def compressed(self) -> "Copy":
        """The same, as gzip: another representation, with another tag."""
        body = gzip.compress(self.body, mtime=0)
        return Copy(body, self.content_type, self.modified, self.etag_shown, self.modified_shown, "gzip")

    def last_modified(self, now: float) -> str | None:
        """The Last-Modified date; None while the second of the last change is not over, for it could change again."""
        if not self.modified_shown or now < int(self.modified) + 1:
            return None
        return format_datetime(datetime.fromtimestamp(int(self.modified), UTC), usegmt=True)

    def headers(self, now: float) -> dict[str, str]:
        """Validators and description, for a 200."""
        headers = {"Content-Type": self.content_type, **self.validators(now)}
        if self.encoding:
            headers |= {"Content-Encoding": self.encoding, "Vary": "Accept-Encoding"}
        return headers

    def validators(self, now: float) -> dict[str, str]:
        """ETag and Last-Modified, as far as they are shown."""
        modified = self.last_modified(now)
        tag = {"ETag": self.etag} if self.etag_shown else {}
        return tag | ({"Last-Modified": modified} if modified else {})

    def unchanged_for(self, request: web.Request, now: float) -> bool:
        """Whether 304 is the answer: If-None-Match rules where it is given (RFC 9110, 13.2.2)."""
        tags = request.headers.get("If-None-Match")
        if tags is not None:
            known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
            return self.etag_shown and ("*" in known or self.etag in known)
        since = _date(request.headers.get("If-Modified-Since"))
        return since is not None and self.last_modified(now) is not None and int(self.modified) <= since


def is_conditional(request: web.Request) -> bool:
    """Whether the request names a validator."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


async def send(
    request: web.Request, body: bytes, headers: dict[str, str], *, status: int = 200, over: float = 0.0
) -> tuple[web.StreamResponse, bool]:
    """Send a body, in pieces `over` so many seconds; gives the response and whether all of it was handed over.

    To a HEAD request only the headers are sent, which counts as nothing handed over.
    """
    response = web.StreamResponse(status=status, headers=headers)
    response.content_length = len(body)
    size = max(1, -(-len(body) // PIECES)) if over else max(1, len(body))
    try:
        await response.prepare(request)
        if request.method == "HEAD":
            return response, False
        for start in range(0, len(body), size):
            if start and over:
                await asyncio.sleep(over / PIECES)
            await response.write(body[start : start + size])
        await response.write_eof()
    except ConnectionResetError:  # whoever asked has gone: killed, or tired of waiting
        return response, False
    return response, request.transport is not None and not request.transport.is_closing()


async def send_cut(request: web.Request, body: bytes, headers: dict[str, str]) -> web.StreamResponse:
    """Announce the whole body, send its first half, and hang up."""
    response = web.StreamResponse(headers=headers)
    response.content_length = len(body)
    response.force_close()
    await response.prepare(request)
    await response.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return response


def _date(value: str | None) -> float | None:
    """An HTTP date as epoch seconds; None where there is none to be read."""
    try:
        return parsedate_to_datetime(value).timestamp() if value else None
    except ValueError:
        return None
