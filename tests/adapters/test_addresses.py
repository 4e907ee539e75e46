"""The guard: no spelling and no wrapping of a special-purpose address gets through."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.loopback_servers import answer, feed, fetching, redirect, serve
from telex.adapters.http.addresses import AddressForbidden, AddressGuard
from telex.core.exchange import Fetched, Refusal, Refused

FORBIDDEN = """
    0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16 169.254.169.254
    172.16.0.1 172.31.255.255 192.0.0.8 192.0.0.192 192.0.2.1 192.31.196.1 192.52.193.1 192.88.99.1 192.168.1.1
    192.175.48.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::7f00:1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1
    64:ff9b::7f00:1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 64:ff9b:1:7f00:0:100:: 100::1 100:0:0:1::1
    2001::1 2001:0:7f00:1::1 2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1:: 2002:a9fe:a9fe::1 2002:808:808::1
    2620:4f:8000::1 3fff::1 5f00::1 4000::1 8000::1 c000::1 e000::1 f000::1 f800::1 fc00::1 fd00:ec2::254 fdff::1
    fe00::1 fe80::1 fe80::1%eth0 fe80::1%1 fec0::1 ff02::1 ff0e::1 ::1%lo
""".split()  # noqa: SIM905 - a table reads better than 80 quoted strings
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 168.63.129.15 169.253.0.1
    172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
    2001:200::1 2001:4860:4860::8888 2003::1 2606:4700::1111 2a00:1450::1 3ffe::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8
""".split()  # noqa: SIM905 - a table reads better than 80 quoted strings
NO_ADDRESS = ["", "localhost", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.0.0.1 ", "①②⑦.0.0.1", "1.1.1.1/8"]


@pytest.mark.parametrize("host", FORBIDDEN)
def test_special_purpose_addresses_are_refused(host):
    assert AddressGuard().why_forbidden(host) is not None


@pytest.mark.parametrize("host", PUBLIC)
def test_public_addresses_pass(host):
    assert AddressGuard().why_forbidden(host) is None


@pytest.mark.parametrize("host", NO_ADDRESS)
def test_what_is_no_canonical_address_is_refused(host):
    assert AddressGuard().why_forbidden(host) == "no address"


@given(st.ip_addresses(v=4))
def test_the_guard_agrees_with_the_standard_library_where_that_calls_an_ipv4_address_private(address):
    if not address.is_global or address.is_multicast:
        assert AddressGuard().why_forbidden(str(address)) is not None


@given(st.ip_addresses(v=6))
def test_the_guard_agrees_with_the_standard_library_where_that_calls_an_ipv6_address_private(address):
    nat64 = address in ipaddress.ip_network("64:ff9b::/96")
    if (not address.is_global and address.ipv4_mapped is None) or address.is_multicast or address.is_site_local:
        assert AddressGuard().why_forbidden(str(address)) is not None or nat64


@given(st.ip_addresses(v=4))
def test_wrapping_an_ipv4_address_never_opens_a_way_to_it(address):
    guard, number = AddressGuard(), int(address)
    if guard.why_forbidden(str(address)) is None:
        return
    wrapped = (
        number,
        0xFFFF << 32 | number,
        0x64FF9B << 96 | number,
        0x64FF9B0001 << 80 | number,
        0x2002 << 112 | number << 80,
        0x2001 << 112 | number << 64 | 0xFFFFFFFF,
        0x2001 << 112 | 0x08080808 << 64 | (number ^ 0xFFFFFFFF),
    )
    assert all(guard.why_forbidden(str(ipaddress.IPv6Address(value))) is not None for value in wrapped)


def test_an_allowed_network_is_lifted_however_it_is_spelled_and_no_other():
    guard = AddressGuard(["127.0.0.0/8", "64:ff9b:1::/48"])
    assert guard.why_forbidden("127.0.0.1") is None
    assert guard.why_forbidden("::ffff:127.0.0.1") is None
    assert guard.why_forbidden("64:ff9b:1::808:808") is None
    assert guard.why_forbidden("64:ff9b:1::a00:1") == "private"
    assert guard.why_forbidden("64:ff9b:1:a00:0:100::") == "private"
    assert guard.why_forbidden("10.0.0.1") == "private"
    assert guard.why_forbidden("::1") == "reserved"


def test_a_socket_is_made_only_for_an_internet_address_that_is_allowed():
    guard = AddressGuard()
    with guard.socket_factory((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("8.8.8.8", 80))) as sock:
        assert sock.family == socket.AF_INET
    with pytest.raises(AddressForbidden):
        guard.socket_factory((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("10.0.0.1", 80)))
    with pytest.raises(AddressForbidden):
        guard.socket_factory((socket.AF_UNIX, socket.SOCK_STREAM, 0, "", ("8.8.8.8", 80)))


@pytest.mark.parametrize("network", ["127.0.0.1/8", "localhost", "10.0.0.0/33"])
def test_what_is_no_network_cannot_be_allowed(network):
    with pytest.raises(ValueError):
        AddressGuard([network])


SPELLINGS = [
    "127.0.0.1", "127.0.0.1.", "localhost", "LOCALHOST.", "①②⑦.0.0.1", "１２７.0.0.1", "127。0。0。1", "127.1", "0x7f.1", "0x7f000001",
    "2130706433", "0177.0.0.1", "017700000001", "0.0.0.0", "0", "[::1]", "[::]", "[::ffff:7f00:1]", "[::ffff:127.0.0.1]",
    "[::7f00:1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%lo]", "[0:0:0:0:0:0:0:1]",
    "127.0.0.1%00.example.com", "169.254.169.254", "[fd00:ec2::254]", "user@127.0.0.1", "example.org@127.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_a_private_address_reaches_the_server_that_listens_there(host):
    async with serve(answer(b"secret")) as server, fetching(allow_networks=()) as fetcher:
        result = await fetcher.fetch(feed(server.url(host=host)))
    assert isinstance(result, Refused)
    assert result.reason in {Refusal.ADDRESS_FORBIDDEN, Refusal.URL_INVALID, Refusal.DNS}
    assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:7f00:1]", "[::1]"])
async def test_the_usual_spellings_are_refused_for_their_address(host):
    async with serve(answer(b"secret")) as server, fetching(allow_networks=()) as fetcher:
        result = await fetcher.fetch(feed(server.url(host=host)))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.ADDRESS_FORBIDDEN
    assert "not allowed" in result.detail


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_redirect_leads_to_a_private_address(host):
    """The first hop is on this machine too: what is allowed for it is withdrawn when it redirects."""
    async with serve(answer(b"secret")) as inner, fetching() as fetcher:

        async def respond(seen, writer):
            fetcher._guard._allow = ()
            fetcher._guard._verdict.cache_clear()
            writer.write(redirect(inner.url(host=host)))

        async with serve(respond) as outer:
            result = await fetcher.fetch(feed(outer.url()))
    assert isinstance(result, Refused)
    assert result.reason in {Refusal.ADDRESS_FORBIDDEN, Refusal.REDIRECTS, Refusal.DNS, Refusal.URL_INVALID}
    assert len(outer.seen) == 1
    assert inner.connections == 0


async def test_a_name_with_several_addresses_is_guarded_on_each(monkeypatch):
    """Happy eyeballs tries them side by side: the forbidden ones are refused, the allowed one is connected."""
    real = socket.getaddrinfo

    def several(host, port, **kwargs):
        if host != "several.invalid":
            return real(host, port, **kwargs)
        hosts = ("10.0.0.1", "169.254.169.254", "127.0.0.1")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", several)
    async with serve(answer(b"x")) as server:
        async with fetching() as fetcher:
            assert isinstance(await fetcher.fetch(feed(server.url(host="several.invalid"))), Fetched)
        async with fetching(allow_networks=()) as fetcher:
            result = await fetcher.fetch(feed(server.url(host="several.invalid")))
    assert isinstance(result, Refused)
    assert result.reason == Refusal.ADDRESS_FORBIDDEN
    assert server.connections == 1


async def test_a_name_that_resolves_to_something_else_the_second_time_is_guarded_again(monkeypatch):
    answers = iter(["127.0.0.1", "127.0.0.2"])
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, **kwargs: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))],
    )
    pages = {"/feed": answer(b"x", "Connection: close")}
    async with serve(pages) as server, fetching(allow_networks=("127.0.0.1/32",)) as fetcher:
        assert isinstance(await fetcher.fetch(feed(server.url(host="rebinding.invalid"))), Fetched)
        fetcher._session.connector.clear_dns_cache()
        result = await fetcher.fetch(feed(server.url(host="rebinding.invalid")))
    assert isinstance(result, Refused)
    assert result.reason in {Refusal.ADDRESS_FORBIDDEN, Refusal.PROTOCOL}
