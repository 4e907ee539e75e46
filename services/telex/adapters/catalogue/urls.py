"""Which URLs a catalogue may name, and which publisher a URL belongs to.

The registrable domain is taken by the whole public suffix list, its private section included, as browsers do: two
blogs on one blog host are two publishers. A host without one (localhost, a suffix itself) is its own publisher.
"""

import re
from functools import cache, lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

import idna
from publicsuffixlist import PublicSuffixList

from telex.adapters.configuration.problems import WrongValueError
from telex.core.model import Publisher

MAX_URL = 4096
_MAX_HOST = 253  # RFC 1035, 2.3.4, without the root's dot
_REST = r"(?P<rest>[/?][!#-;=?-\[\]_a-z~]*)?"
_COMMON = re.compile(
    r"(?P<scheme>https?)://(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,62})"
    r"(?::(?P<port>[1-9][0-9]{0,3}))?" + _REST
)
"""Nearly all of the URLs that there are, so that 100,000 of them take a tenth of a second."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_BLANK = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]")
_DEFAULT_PORT = {"http": 80, "https": 443}


def check_url(url: str) -> None:
    """Make sure that telex can ask this URL: http or https, a host, no user name, at most `MAX_URL` characters.

    Raises:
        WrongValueError: it cannot. The message never repeats the URL: there may be a secret in it.
    """
    if len(url) > MAX_URL:
        raise WrongValueError(f"is longer than {MAX_URL} characters", "shorten it")
    if (match := _COMMON.fullmatch(url)) is None or len(match["host"]) > _MAX_HOST:
        _split(url)


def host_of(url: str) -> str:
    """The host of a URL that `check_url` accepts: lower case, punycode, without port, brackets or last dot."""
    match = _COMMON.fullmatch(url)
    return match["host"] if match else _host(_split(url))


def publisher_of(url: str) -> Publisher:
    """The publisher of a URL that `check_url` accepts: its registrable domain, or its host where there is none."""
    return registrable_domain(host_of(url))


@lru_cache(maxsize=65536)
def registrable_domain(host: str) -> Publisher:
    """The registrable domain of a host as `host_of` gives it; an IP address is its own."""
    if ":" in host or host.rpartition(".")[2].isdigit():
        return Publisher(host)
    return Publisher(_suffixes().privatesuffix(host) or host)


def same_address(url: str) -> str:
    """A key that is equal for two spellings of one address: case of the host, default port, no path, fragment."""
    match = _COMMON.fullmatch(url)
    if match:
        scheme, host, port, rest = match["scheme"], match["host"], match["port"], match["rest"] or "/"
        if port is None and "#" not in rest and rest[0] == "/":
            return f"{scheme}://{host}{rest}"
    parts = _split(url)
    scheme = parts.scheme.lower()
    port_suffix = f":{parts.port}" if parts.port not in {None, _DEFAULT_PORT[scheme]} else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{_host(parts)}{port_suffix}{parts.path or '/'}{query}"


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _split(url: str) -> SplitResult:
    if not url or _BLANK.search(url):
        raise WrongValueError("is no URL: it is empty or holds white space", "write it percent-encoded, on one line")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WrongValueError("is no URL: its host or port is malformed", "write http(s)://host/path") from error
    if parts.scheme.lower() not in _DEFAULT_PORT:
        found = f"its scheme is {parts.scheme[:20]!r}" if parts.scheme else "it has no scheme"
        raise WrongValueError(f"is no http or https URL: {found}", "write https://host/path")
    if "@" in parts.netloc:
        raise WrongValueError(
            "holds a user name or password", "take it out and name it under `credentials`: {env: NAME} or {file: PATH}"
        )
    if not parts.hostname:
        raise WrongValueError("has no host", "write https://host/path")
    if port == 0:
        raise WrongValueError("has the port 0", "write a port between 1 and 65535, or none")
    _host(parts)
    return parts


def _host(parts: SplitResult) -> str:
    name = (parts.hostname or "").removesuffix(".")
    if "[" in parts.netloc:
        return _address_6(name)
    host = name if name.isascii() else _punycode(name)
    labels = host.split(".")
    if len(host) > _MAX_HOST or not all(map(_LABEL.fullmatch, labels)):
        raise WrongValueError("has a host that is no domain name", "check its spelling")
    # A last label that begins like a number makes it an address (URL Standard, "ends in a number").
    if labels[-1].isdigit() or labels[-1].startswith("0x"):
        try:
            return str(IPv4Address(host))
        except AddressValueError as error:
            raise WrongValueError(
                "has a host that is neither name nor address", "write the address as four decimal numbers"
            ) from error
    return host


def _address_6(name: str) -> str:
    try:
        return str(IPv6Address(name))
    except AddressValueError as error:
        raise WrongValueError("has a malformed IPv6 address", "write it as [2001:db8::1]") from error


def _punycode(name: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise WrongValueError("has a host that is no domain name (IDNA 2008)", "check its spelling") from error
