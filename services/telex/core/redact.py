"""The one redaction: what stands between anything fetched or configured and every log, event, metric and page.

It would rather hide an innocent value than show a secret, but keeps what a reader needs to find the fault: scheme, host,
path words, parameter names. Redacting twice changes nothing.
"""

import re
from collections.abc import Iterable
from html import escape
from itertools import pairwise
from typing import Final
from urllib.parse import quote, unquote, unquote_plus, urlsplit

HIDDEN: Final = "***"
_MAX_SHOWN: Final = 2048
"""Characters of a URL or text that are looked at and shown; the rest is cut."""
_LONG_VALUE: Final = 64
_PASSES: Final = 4
_TOKEN: Final = 16
_PATH_TOKEN: Final = 20
_LEAST_VALUE: Final = 4
"""A shorter value is looked for nowhere: it would be found everywhere."""
_NAMES: Final = (
    r"[\w.\-\[\]]*(?:token|secret|passw|passwd|pwd|password|passphrase|credential|session|signature|apikey|api[_-]?key"
    r"|access[_-]?key|auth|bearer|jwt|private|nonce|hmac)[\w.\-\[\]]*"
    r"|(?:key|keys|sig|sign|sid|code|hash|hdnts|hdnea|policy|pass|pw|user|username|login|email|uid|ticket|otp|pin|state"
    r"|awsaccesskeyid|x-amz-[\w-]+|x-goog-[\w-]+|jsessionid|phpsessid|\w*_key|\w+key)"
)
_SECRET_NAME: Final = re.compile(_NAMES, re.IGNORECASE)
_PAIR: Final = re.compile(r"([^=]*)=(.*)", re.DOTALL)
_PIECES: Final = re.compile(r"([&;])")
_UUID: Final = re.compile(r"[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}", re.IGNORECASE)
_URL: Final = re.compile(r"(?:[a-z][a-z0-9+.\-]{0,15}:)?//[^\s<>\"'`|\\^{}]+", re.IGNORECASE)
_SCHEMES: Final = re.compile(
    r"\b(basic|bearer|digest|negotiate|token|apikey)([ \t]+)(?!\*\*\*)([^\s,;\"'&]{6,})", re.IGNORECASE
)
_ASSIGNED: Final = re.compile(
    r"(?<![\w.\-])(" + _NAMES + r")([\"']?[ \t]{0,2}[=:][ \t]{0,2}[\"']?)(?!\*\*\*|//)([^\s&;,\"'<>]+)", re.IGNORECASE
)
_JWT: Final = re.compile(r"\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?")
_HEADER_SHOWN: Final = frozenset({
    "accept", "accept-encoding", "age", "cache-control", "connection", "content-encoding", "content-length",
    "content-type", "date", "etag", "expires", "last-modified", "retry-after", "server", "tdm-reservation",
    "transfer-encoding", "user-agent", "vary", "x-robots-tag",
})  # fmt: skip


def redact_url(url: str) -> str:
    """The URL without userinfo and without what may be a secret in its path, parameters, query and fragment.

    A value is hidden for its name (token, key, sig, password ...), its length or its look (letters and digits without
    words). What cannot be taken apart is hidden but for its scheme.
    """
    text = url[:_MAX_SHOWN]
    try:
        parts = urlsplit(text)
        host = _authority(parts.netloc)
        _ = parts.port  # raises where a password with a slash was taken for a port
    except ValueError:
        return text.partition("//")[0][:16] + "//" + HIDDEN if "//" in text else HIDDEN
    path = "/".join(map(_segment, parts.path.split("/")))
    prefix = f"{parts.scheme}:" if parts.scheme else ""
    query = "?" + _query(parts.query) if parts.query else ""
    fragment = "#" + _query(parts.fragment) if parts.fragment else ""
    return f"{prefix}//{host}{path}{query}{fragment}" if parts.netloc else f"{prefix}{path}{query}{fragment}"


def redact_text(text: str) -> str:
    """Free text, such as an error's message, without the secrets of its URLs, credentials and assignments.

    It is cut to 2,048 characters.
    """
    return _redacted(text[:_MAX_SHOWN])


def redact_body(body: bytes, urls: Iterable[str] = (), secrets: Iterable[str] = ()) -> bytes:
    """The bytes of a document, whatever their encoding, without the secrets that a server may have echoed in them.

    What `redact_url` hides of the `urls` that were asked is hidden wherever it stands, also in words and quoted; so
    are the `secrets` that were sent.
    """
    text = body.decode("latin-1")
    values = [*secrets, *(value for url in urls for value in _hidden_parts(url))]
    for form in sorted({form for value in values for form in _forms(value)}, key=lambda form: (-len(form), form)):
        text = text.replace(form, HIDDEN)
    return _redacted(text).encode("latin-1")


def _forms(value: str) -> Iterable[str]:
    """Every way in which a document may write a secret, as the latin-1 of its UTF-8."""
    plain = unquote_plus(value)
    quoted = quote(plain, safe="")
    for form in (value, plain, escape(plain), quoted, quote(quoted, safe=""), quote(value, safe="")):
        if len(form) >= _LEAST_VALUE and form != HIDDEN:
            yield form.encode("utf-8", "surrogatepass").decode("latin-1")


def _hidden_parts(url: str) -> Iterable[str]:
    """The values of a URL's parameters and the segments of its path that `redact_url` does not show."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return
    for segment in parts.path.split("/"):
        name, _, parameters = segment.partition(";")
        if _segment(name) != name:
            yield name
        yield from _hidden_values(parameters)
    yield from _hidden_values(parts.query)
    yield from _hidden_values(parts.fragment)


def _hidden_values(query: str) -> Iterable[str]:
    for piece in _PIECES.split(query):
        if _parameter(piece) != piece:
            name, _, value = piece.partition("=")
            yield value or name


def _redacted(text: str) -> str:
    """Again where something was hidden: what stood inside it may have ended a URL too early."""
    for _ in range(_PASSES):
        before, text = text, _redacted_once(text)
        if text == before:
            break
    return text


def _redacted_once(text: str) -> str:
    text = _URL.sub(lambda match: redact_url(match[0]), text)
    text = _JWT.sub(HIDDEN, text)
    text = _SCHEMES.sub(lambda match: f"{match[1]}{match[2]}{HIDDEN}", text)
    return _ASSIGNED.sub(lambda match: f"{match[1]}{match[2]}{HIDDEN}", text)


def redact_headers(headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Headers for showing: known harmless ones as they are, addresses redacted, every other value hidden."""
    return tuple((name, _header(name.lower(), value)) for name, value in headers)


def _header(name: str, value: str) -> str:
    if name in _HEADER_SHOWN:
        return redact_text(value)
    if name in {"location", "content-location", "referer"}:
        return redact_url(value)
    return HIDDEN


def _authority(netloc: str) -> str:
    userinfo, at, host = netloc.rpartition("@")
    return f"{HIDDEN}@{host}" if at and userinfo else host


def _segment(segment: str) -> str:
    """One segment of a path, with its matrix parameters."""
    name, semicolon, parameters = segment.partition(";")
    shown = HIDDEN if _looks_secret(unquote(name), _PATH_TOKEN) else name
    return shown + semicolon + (_query(parameters) if parameters else "")


def _query(query: str) -> str:
    return "".join(piece if piece in {"&", ";"} else _parameter(piece) for piece in _PIECES.split(query))


def _parameter(piece: str) -> str:
    pair = _PAIR.fullmatch(piece)
    if pair is None:
        return HIDDEN if _hidden_value(unquote_plus(piece)) else piece
    name, value = pair[1], pair[2]
    shown = HIDDEN if _looks_secret(unquote_plus(name), _TOKEN) else name
    if not value:
        return f"{shown}="
    if _SECRET_NAME.fullmatch(unquote_plus(name).strip()) or _hidden_value(unquote_plus(value)):
        return f"{shown}={HIDDEN}"
    return f"{shown}={value}"


def _hidden_value(value: str) -> bool:
    if value == HIDDEN:
        return False
    return (
        len(value) > _LONG_VALUE
        or "@" in value
        or "=" in value
        or "%" in value  # encoded twice: what is inside cannot be judged
        or ("//" in value and redact_url(value) != value)
        or _looks_secret(value, _TOKEN)
    )


def _looks_secret(value: str, least: int) -> bool:
    """Whether the value is as long as a key and changes between digits, capitals and small letters as words do not."""
    if len(value) < least:
        return False
    if _UUID.search(value):
        return True
    changes = sum(_changes(before, after) for before, after in pairwise(value))
    return changes >= max(3, len(value) // 6)


def _changes(before: str, after: str) -> bool:
    if not (before.isalnum() and after.isalnum()):
        return False
    return before.isdigit() != after.isdigit() or (before.islower() and after.isupper())
