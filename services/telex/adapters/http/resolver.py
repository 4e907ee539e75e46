"""Names to addresses, in threads of its own: names that nobody answers for cost only those who ask for them."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from aiohttp.abc import AbstractResolver, ResolveResult


class PooledResolver(AbstractResolver):
    """The system's resolver (getaddrinfo). It guards nothing: literal addresses never reach it."""

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="telex-dns")

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The host's addresses.

        Raises:
            OSError: it has none, or its name cannot be resolved.
        """
        ask = partial(
            socket.getaddrinfo, host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._pool, ask)
        except UnicodeError as error:  # a label longer than DNS allows
            raise OSError(None, "the name is none of DNS") from error
        return [
            ResolveResult(
                hostname=host,
                host=str(sockaddr[0]),
                port=int(sockaddr[1]),
                family=kind,
                proto=protocol,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for kind, _, protocol, _, sockaddr in found
            if kind in (socket.AF_INET, socket.AF_INET6)
        ]

    async def close(self) -> None:
        """Let the threads go; one that still waits for an answer ends with it."""
        self._pool.shutdown(wait=False, cancel_futures=True)
