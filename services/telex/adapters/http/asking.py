"""What is said to a server: the URL, the headers, and the secrets that only one origin may see."""

import base64
import re
from typing import Final
from urllib.parse import quote

from yarl import URL

from telex import __version__
from telex.adapters.http.faults import Stopped
from telex.adapters.http.secrets import basic_authorization, resolve
from telex.core.exchange import Kind, Refusal, Request
from telex.core.model import SecretRef

ACCEPT: Final = {
    Kind.FEED: "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.8, */*;q=0.5",
    Kind.PAGE: "text/html, application/xhtml+xml, */*;q=0.5",
}
ACCEPT_ROBOTS: Final = "text/plain, */*;q=0.5"
ACCEPT_ENCODING: Final = "gzip, deflate"
MAX_VALIDATOR: Final = 1024
MAX_URL: Final = 8192
_WELL_FORMED: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#@!$&'()*+,;=\[\]]|%[0-9A-Fa-f]{2})*")
"""The letters of RFC 3986, section 2."""
_OURS: Final = frozenset({
    "accept-encoding", "connection", "content-length", "expect", "host", "if-match", "if-modified-since",
    "if-none-match", "if-range", "if-unmodified-since", "keep-alive", "proxy-authorization", "range", "te", "trailer",
    "transfer-encoding", "upgrade",
})  # fmt: skip
"""Headers that no feed may set: they would change what an answer means, or whom it is from."""


def user_agent(contact: str | None) -> str:
    """How telex introduces itself: with its version, and where its operator can be found."""
    return f"telex/{__version__}" + (f" (+{contact})" if contact else "")


def parse_url(text: str, reason: Refusal = Refusal.URL_INVALID) -> URL:
    """A URL that can be asked: http or https with a host. Userinfo and fragment are taken off, for they are never sent.

    Raises:
        Stopped: it is none; the text is not repeated.
    """
    if len(text) > MAX_URL:
        raise Stopped(reason, f"the URL is longer than {MAX_URL} characters")
    try:
        return askable(_as_written(text), reason)
    except ValueError as error:  # UnicodeError too
        raise Stopped(reason, "the URL is malformed") from error


def askable(url: URL, reason: Refusal) -> URL:
    """The same for a URL that was taken apart before.

    Raises:
        Stopped: see `parse_url`.
    """
    if url.scheme not in {"http", "https"}:
        shown = url.scheme if url.scheme.isascii() and url.scheme.isalnum() and len(url.scheme) <= 16 else "?"
        raise Stopped(reason, f"the URL's scheme is neither http nor https: {shown}")
    if not url.raw_host or url.port is None:
        raise Stopped(reason, "the URL has no host")
    if not url.raw_host.isprintable() or " " in url.raw_host:
        raise Stopped(reason, "the URL's host is no name")
    if url.raw_user is not None or url.raw_password is not None:
        url = url.with_user(None)
    return url.with_fragment(None) if url.raw_fragment else url


def follow(url: URL, location: str) -> URL:
    """Where a Location header leads.

    Raises:
        Stopped: nowhere that can be asked.
    """
    if len(location) > MAX_URL:
        raise Stopped(Refusal.REDIRECTS, f"the redirect's URL is longer than {MAX_URL} characters")
    try:
        if not location.isascii():  # bytes that are no UTF-8 arrive as surrogates
            raw = location.encode("utf-8", "surrogateescape")
            location = location if _is_text(raw) else quote(raw, safe="!#$%&'()*+,/:;=?@[]~")
        return askable(url.join(_as_written(location.strip())), Refusal.REDIRECTS)
    except ValueError as error:
        raise Stopped(Refusal.REDIRECTS, "the redirect's URL is malformed") from error


async def headers_for(request: Request, url: URL, accept: str) -> dict[str, str]:
    """The headers of one hop. Those of the feed, and its credentials, are there only where `url` is of its origin.

    Raises:
        SecretMissing: a reference leads to nothing.
    """
    headers = {"Accept": accept}
    if request.etag is not None and is_validator(request.etag):
        headers["If-None-Match"] = request.etag
    if request.last_modified is not None and is_validator(request.last_modified):
        headers["If-Modified-Since"] = request.last_modified
    if (request.headers or request.credentials is not None) and _same_origin(url, request.origin):
        for name, value in request.headers:
            if name.lower() not in _OURS:
                headers[name] = await resolve(value) if isinstance(value, SecretRef) else value
        if request.credentials is not None:
            headers["Authorization"] = await basic_authorization(request.credentials)
    return headers


def secrets_of(request: Request, headers: dict[str, str]) -> tuple[str, ...]:
    """What of a hop's headers nothing may show: the values that the feed added, and its credentials in every form."""
    secrets = [headers[name] for name, _ in request.headers if name in headers]
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if token:
        secrets.append(token)
    if scheme == "Basic" and request.credentials is not None:
        pair = base64.b64decode(token).decode("utf-8", "replace")
        secrets += [pair, pair.partition(":")[2]]
    return tuple(secrets)


def is_validator(value: str) -> bool:
    """Whether a validator can be sent back as it came: printable ASCII, not too long."""
    return 0 < len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable()


def _same_origin(url: URL, origin: str | None) -> bool:
    """RFC 6454, section 5."""
    if origin is None:
        return False
    try:
        theirs = URL(origin)
    except ValueError:
        return False
    return _tuple(url) == _tuple(theirs)


def _tuple(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, (url.raw_host or "").lower(), url.port


def _as_written(text: str) -> URL:
    """A well-formed URL to the letter, for signatures are made over letters; any other as browsers would write it."""
    return URL(text, encoded=_WELL_FORMED.fullmatch(text) is not None)


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
