"""Addresses as documents write them: trimmed, resolved, http and https alone."""

import re
from urllib.parse import urljoin, urlsplit

from telex.documents import limits

_STRIPPED = re.compile(r"[\t\r\n]+")
# Addresses that no joining or trimming changes.
_PLAIN = re.compile(
    r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(?::[0-9]{1,4})?/[A-Za-z0-9_/.,~%+=&:@!$*()-]*"
    r"(?:\?[A-Za-z0-9_/.,~%+=&:@!$*()?;-]+)?"
)
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
    try:
        joined = urljoin(base, address) if base else address
        parts = urlsplit(joined)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname or len(joined) > limits.ADDRESS:
        return None
    return joined


def looks_absolute(address: str) -> bool:
    """Whether it says http or https itself."""
    return address[:8].lower().startswith(("http://", "https://"))


def is_plain(address: str) -> bool:
    """Whether it is absolute and stays as it is, whatever the base."""
    return _PLAIN.fullmatch(address) is not None
