"""Content-Encoding undone piece by piece: a bomb costs one piece of memory, not its size."""

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

PIECE: Final = 256 * 1024
"""The most that one step decodes, in bytes."""
MAX_MEMBERS: Final = 1000
"""Members of a gzip stream (RFC 1952, section 2.2): each costs more than its twenty bytes."""
_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15
_GZIP_MAGIC: Final = b"\x1f\x8b"


class UnknownCoding(Exception):
    """A Content-Encoding that was not asked for."""


class BrokenCoding(Exception):
    """The compressed stream is damaged or ends too early."""


class Decoder(Protocol):
    """Takes a body chunk by chunk."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The decoded pieces of one chunk, each at most `PIECE` bytes; later chunks wait until it is exhausted.

        Raises:
            BrokenCoding: the stream is damaged.
        """
        ...

    def finish(self) -> None:
        """The body has ended.

        Raises:
            BrokenCoding: the stream has not.
        """
        ...


def decoder_for(content_encoding: str | None) -> Decoder | None:
    """The decoder of a Content-Encoding header; None where the body stands as it is.

    Raises:
        UnknownCoding: it is neither gzip nor deflate, or more than one.
    """
    if not content_encoding:
        return None
    codings = [name for part in content_encoding.lower().split(",") if (name := part.strip()) not in {"", "identity"}]
    if not codings:
        return None
    if len(codings) > 1:
        raise UnknownCoding("more than one coding")
    if codings[0] in {"gzip", "x-gzip"}:
        return _Gzip()
    if codings[0] == "deflate":
        return _Deflate()
    raise UnknownCoding("a coding that was not asked for")


class _Gzip:
    def __init__(self) -> None:
        self._state = zlib.decompressobj(_GZIP)
        self._members = 1
        self._begun = False
        self._rest = b""  # after a member's end: perhaps the first byte of the next one
        self._trailing = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        data = self._rest + chunk
        self._rest = b""
        while data and not self._trailing:
            if self._state.eof:
                data = self._next_member(data)
                continue
            self._begun = True
            piece = _decompress(self._state, data)
            if piece:
                yield piece
            data = self._state.unused_data if self._state.eof else self._state.unconsumed_tail
            if not data and len(piece) == PIECE:
                yield from _drain(self._state)

    def _next_member(self, data: bytes) -> bytes:
        """Begin the next member; what is none is padding or rubbish, which every reader of gzip passes over."""
        data = data.lstrip(b"\0")
        if data == _GZIP_MAGIC[:1]:
            self._rest = data
            return b""
        if not data.startswith(_GZIP_MAGIC):
            self._trailing = bool(data)
            return b""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise BrokenCoding(f"more than {MAX_MEMBERS} gzip members")
        self._state = zlib.decompressobj(_GZIP)
        return data

    def finish(self) -> None:
        if self._begun and not self._state.eof:
            raise BrokenCoding("the gzip stream ends too early")


class _Deflate:
    """`deflate` is zlib by RFC 9110, section 8.4.1.2; some servers send it raw, so the first two bytes decide."""

    def __init__(self) -> None:
        self._state: zlib._Decompress | None = None
        self._head = b""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        if self._state is None:
            chunk = self._head + chunk
            if len(chunk) < 2:
                self._head = chunk
                return
            zlib_header = chunk[0] & 0x0F == 8 and (chunk[0] << 8 | chunk[1]) % 31 == 0
            self._state = zlib.decompressobj(_ZLIB if zlib_header else _RAW)
        data = chunk
        while data and not self._state.eof:
            piece = _decompress(self._state, data)
            if piece:
                yield piece
            data = self._state.unconsumed_tail
            if not data and len(piece) == PIECE:
                yield from _drain(self._state)

    def finish(self) -> None:
        if self._head and self._state is None:
            raise BrokenCoding("the deflate stream ends too early")
        if self._state is not None and not self._state.eof:
            raise BrokenCoding("the deflate stream ends too early")


def _decompress(state: "zlib._Decompress", data: bytes) -> bytes:
    try:
        return state.decompress(data, PIECE)
    except zlib.error as error:
        raise BrokenCoding("the compressed stream is damaged") from error


def _drain(state: "zlib._Decompress") -> Iterator[bytes]:
    """All input is taken, but output may be waiting inside: a full piece says that the window was not emptied."""
    while not state.eof:
        piece = _decompress(state, b"")
        if not piece:
            return
        yield piece
