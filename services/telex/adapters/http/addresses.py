"""The guard: which addresses a publisher's URL may lead to, decided on the socket address that is being connected.

A resolver cannot guard: literal addresses never reach it, and a name can resolve to something else a second time.
"""

import errno
import socket
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SockAddr = tuple[str, int] | tuple[str, int, int, int]
AddrInfo = tuple[int, int, int, str, SockAddr]

_FORBIDDEN: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ip_network(cidr), name)
    for cidr, name in (
        # IANA IPv4 Special-Purpose Address Registry, and multicast
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "carrier-grade NAT"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        # Public by number, but an instance's own: metadata and wire servers of clouds
        ("168.63.129.16/32", "cloud metadata"),
        # IANA IPv6 Special-Purpose Address Registry, multicast, and what is outside of global unicast (2000::/3).
        # 64:ff9b::/96 is the one exception: where a network has no IPv4, every publisher's address lies there.
        ("::/3", "reserved"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
        ("4000::/2", "reserved"),
        ("8000::/2", "reserved"),
        ("c000::/3", "reserved"),
        ("e000::/4", "reserved"),
        ("f000::/5", "reserved"),
        ("f800::/6", "reserved"),
        ("fc00::/7", "unique local"),
        ("fe00::/9", "reserved"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_NAT64: Final = IPv6Network("64:ff9b::/96")
_LOCAL_NAT64: Final = IPv6Network("64:ff9b:1::/48")
_COMPATIBLE: Final = IPv6Network("::/96")
_TABLE: Final[dict[int, tuple[tuple[Network, str], ...]]] = {
    4: tuple((net, name) for net, name in _FORBIDDEN if net.version == 4),
    6: tuple((net, name) for net, name in _FORBIDDEN if net.version == 6),
}
_CACHE: Final = 4096


class AddressForbidden(OSError):
    """The address is not for publishers. An OSError, so that a connector goes on to a host's next address.

    `str()` is the same for every address: aiohappyeyeballs then passes the exception on as it is.
    """

    def __init__(self, address: str, why: str) -> None:
        super().__init__(errno.EACCES, "address is not allowed")
        self.address = address
        self.why = why


class AddressGuard:
    """Refuses addresses of the special-purpose registries, however they are wrapped.

    `allow` are networks that the operator lifts. An address that wraps another (NAT64, 6to4, Teredo,
    IPv4-compatible) is let through only where both are; IPv4-mapped ones are the IPv4 address and nothing else.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._allow = tuple(ip_network(cidr) for cidr in allow)
        self._verdict = lru_cache(maxsize=_CACHE)(self._judge)

    def why_forbidden(self, host: str) -> str | None:
        """Why a socket address' host is refused, in two words; None where it is allowed. What is no address is refused."""
        return self._verdict(host)

    def socket_factory(self, info: AddrInfo) -> socket.socket:
        """A socket for the address.

        Raises:
            AddressForbidden: before there is a socket.
        """
        family, kind, protocol, _, sockaddr = info
        why = self.why_forbidden(sockaddr[0])
        if why is not None or family not in (socket.AF_INET, socket.AF_INET6):
            raise AddressForbidden(sockaddr[0], why or "no internet address")
        return socket.socket(family, kind, protocol)

    def _judge(self, host: str) -> str | None:
        address = literal(host)
        if address is None:
            return "no address"
        for face in _faces(address):
            why = self._why(face)
            if why is not None:
                return why
        return None

    def _why(self, address: Address) -> str | None:
        if any(_within(address, net) for net in self._allow):
            return None
        if isinstance(address, IPv6Address) and address in _NAT64:
            return None
        return next((name for net, name in _TABLE[address.version] if _within(address, net)), None)


def literal(host: str) -> Address | None:
    """The address that a host spells, without brackets and zone; None for a name.

    Spellings of old (`127.1`, `0x7f000001`) are names here: only a resolver turns them into addresses.
    """
    try:
        return ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def _within(address: Address, network: Network) -> bool:
    """`in` of the standard library, which is False where the versions differ."""
    return bool(address in network)


def _faces(address: Address) -> tuple[Address, ...]:
    """The address and what it wraps, as far as a router or a translator on the way could unwrap it."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    number = int(address)
    if address in _NAT64 or (address in _COMPATIBLE and number > 1):
        return address, IPv4Address(number & 0xFFFFFFFF)
    if address in _LOCAL_NAT64:
        return (address, *_local_nat64(number))
    if address.sixtofour is not None:
        return address, address.sixtofour
    if address.teredo is not None:
        return (address, *address.teredo)
    return (address,)


def _local_nat64(number: int) -> tuple[IPv4Address, ...]:
    """RFC 6052, section 2.2: the prefix is 96 bits long, or 48; which one, only the translator knows."""
    long = number & 0xFFFFFFFF
    short = ((number >> 64) & 0xFFFF) << 16 | (number >> 40) & 0xFFFF
    return tuple(IPv4Address(n) for n in (long, short) if n > 0xFFFFFF)
