"""Topics that the brokers say do not exist: aiokafka asks for them again and again, and in the end calls it a time-out."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from aiokafka.errors import UnknownTopicOrPartitionError, for_code

from telex.adapters.kafka.faults import NoTopicError

_PATIENCE: Final = 2.0
"""Seconds that every answer has to say so: a broker that has just started, or a topic just made, may be late."""
_AGAIN: Final = 0.1
"""Seconds between two questions while somebody waits."""


class Absent:
    """What a client's metadata says of topics that it asked for and that are not there."""

    def __init__(self, client: Any, told: Callable[[str], None] | None = None) -> None:
        """Watch the metadata of `client`; `told` hears of each topic that is certainly not there, once or more."""
        self._since: dict[str, float] = {}
        self._told = told
        self._loop = asyncio.get_running_loop()
        self._client = client
        self._update = client.cluster.update_metadata
        client.cluster.update_metadata = self._note
        client._wait_on_metadata = self._wait  # noqa: SLF001 - its own waits for the request time-out, and names none

    def _note(self, metadata: Any) -> None:
        self._update(metadata)
        now = self._loop.time()
        names = [topic for code, topic, *_ in metadata.topics if for_code(code) is UnknownTopicOrPartitionError]
        self._since = {name: self._since.get(name, now) for name in names}
        if self._told is not None:
            for name in names:
                if self._is_certain(name):
                    self._told(name)

    def _is_certain(self, topic: str) -> bool:
        since = self._since.get(topic)
        return since is not None and self._loop.time() - since > _PATIENCE

    def check(self, topic: str) -> None:
        """Nothing, unless all answers have said for a while that there is no such topic.

        Raises:
            NoTopicError: they have.
        """
        if self._is_certain(topic):
            raise NoTopicError(topic)

    async def _wait(self, topic: str) -> Any:
        """The partitions of a topic, as aiokafka's `_wait_on_metadata` gives them, but sooner in doubt."""
        known = self._client.cluster.partitions_for_topic(topic)
        if known is not None:
            return known  # without a turn of the loop: between two sends of a commit nothing may happen
        inner = type(self._client)._wait_on_metadata  # noqa: SLF001 - as above
        waiting = asyncio.ensure_future(inner(self._client, topic))
        try:
            while not (await asyncio.wait({waiting}, timeout=_AGAIN))[0]:
                self.check(topic)
            return waiting.result()
        finally:
            waiting.cancel()
