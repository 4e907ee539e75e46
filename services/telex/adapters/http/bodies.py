"""A response's body: read as it comes, decoded as it is read, never larger than its limit."""

import asyncio
from typing import Final

from aiohttp import ClientResponse, ServerDisconnectedError
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from telex.adapters.http.decoding import decoder_for
from telex.adapters.http.faults import Stopped
from telex.core.exchange import Refusal

_STRETCH: Final = 1024 * 1024
"""Bytes that are decoded before others get their turn: some 3 ms."""


class CarriedResponse(ClientResponse):
    """A response that knows how its connection ended.

    aiohttp takes a body without a length for whole even where the connection was reset.
    """

    carrier: ResponseHandler | None = None

    async def start(self, connection: Connection) -> ClientResponse:
        """Read the headers."""
        self.carrier = connection.protocol
        return await super().start(connection)

    def lost(self) -> BaseException | None:
        """What ended the connection, unless the server closed it in good order or it is still open."""
        error = self.carrier.exception() if self.carrier is not None else None
        return None if isinstance(error, ServerDisconnectedError) else error


async def read_body(response: ClientResponse, limit: int, *, cut: bool = False) -> tuple[bytes, int]:
    """The whole body, decoded, and its size on the wire; at most `limit` bytes of either.

    Where `cut` is set, a larger body is cut at the limit instead of refused.

    Raises:
        Stopped: it is too large.
        UnknownCoding, BrokenCoding, aiohttp.ClientPayloadError, OSError: it cannot be read to its end.
    """
    declared = response.content_length
    if declared is not None and declared > limit and not cut:
        raise _too_large(f"Content-Length is {declared} bytes", limit)
    decoder = decoder_for(response.headers.get("Content-Encoding"))
    body = bytearray()
    wire = stretch = 0
    while chunk := await response.content.readany():
        wire += len(chunk)
        for piece in (chunk,) if decoder is None else decoder.feed(chunk):
            body += piece
            stretch += len(piece)
            if max(wire, len(body)) > limit:
                if cut:
                    return bytes(body[:limit]), wire
                raise _too_large("the body goes on", limit)
            if stretch >= _STRETCH:
                stretch = 0
                await asyncio.sleep(0)
    if wire > limit and not cut:
        raise _too_large("the compressed body goes on", limit)
    if decoder is not None:
        decoder.finish()
    ends_with_connection = declared is None and "Transfer-Encoding" not in response.headers
    if ends_with_connection and isinstance(response, CarriedResponse) and response.lost() is not None:
        raise Stopped(Refusal.CUT, "the connection was lost in the middle of the body")
    return bytes(body), wire


def _too_large(what: str, limit: int) -> Stopped:
    return Stopped(Refusal.TOO_LARGE, f"{what}, the limit is {limit}")
