"""Addresses as documents write them: trimmed, resolved, http and https alone."""

import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit

from telex.documents import limits

_STRIPPED = re.compile(r"[\t\r\n]+")
# Addresses that no joining or trimming changes.
_PLAIN = re.compile(
    r"(https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[1-5]?[0-9]{1,4})?)((?:/[^\s\x00-\x20\x7f;?#]*)?)"
    r"(?:\?[^\s\x00-\x20\x7f#]+)?(?:#[^\s\x00-\x20\x7f]+)?"
)
# References that are a path, a query or both.
_PATH = re.compile(r"(?!//|$)([^\s\x00-\x20\x7f:;?#]*)((?:\?[^\s\x00-\x20\x7f#]+)?)")
_SCHEMES = frozenset({"http", "https"})


def absolute(base: str | None, address: str | None) -> str | None:
    """The absolute http or https address that `address` means beside `base`, or None.

    White space around it and line breaks inside it go (WHATWG URL, "basic URL parser"); an address longer than
    4,096 characters, without a host, or of another scheme is None.
    """
    if not address or len(address) > limits.ADDRESS:
        return None
    if _PLAIN.fullmatch(address):
        return address
    address = _STRIPPED.sub("", address.strip()).replace(" ", "%20")
    if not address:
        return None
    if base and (quick := joined_path(base, address)):
        return quick if len(quick) <= limits.ADDRESS else None
    try:
        joined = urljoin(base, address) if base else address
        parts = urlsplit(joined)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname or len(joined) > limits.ADDRESS:
        return None
    return joined


def joined_path(base: str, reference: str) -> str | None:
    """What a plain reference means beside a plain base, as `urljoin` makes it; None for what is not plain.

    A fifth of the time: a document may have a quarter of a million of them.
    """
    found = _PATH.fullmatch(reference)
    origin, place, folders = _folders(base)
    if origin is None:
        return None
    if found is None:
        other = origin[: origin.index("/")] + reference
        return other if reference.startswith("//") and _PLAIN.fullmatch(other) else None
    path = found[1]
    if not path:
        return f"{origin}{place}{found[2]}"
    if not path.startswith("/"):
        path = "/".join((*folders, path))
        path = "/" + path if path[0] != "/" else path
    parts = path.split("/")
    if "" in parts[1:-1] and not found[1].startswith("/"):
        parts[1:-1] = filter(None, parts[1:-1])
    if "." in parts or ".." in parts:
        parts = _without_dots(parts)
    path = "/".join(parts)
    return f"{origin}{path}{found[2]}" if path.startswith("/") else f"{origin}/{path}{found[2]}"


def _without_dots(parts: list[str]) -> list[str]:
    kept: list[str] = []
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part != ".":
            kept.append(part)
    return [*kept, ""] if parts[-1] in (".", "..") else kept


@lru_cache(maxsize=64)
def _folders(base: str) -> tuple[str | None, str, tuple[str, ...]]:
    """Scheme and host of a plain address, its path, and what the path's last part is in."""
    found = _PLAIN.fullmatch(base)
    return (found[1], found[2], tuple(found[2].split("/")[:-1]) or ("",)) if found else (None, "", ())


def looks_absolute(address: str) -> bool:
    """Whether it says http or https itself."""
    return address[:8].lower().startswith(("http://", "https://"))


def is_plain(address: str) -> bool:
    """Whether it is absolute and stays as it is, whatever the base."""
    return _PLAIN.fullmatch(address) is not None
