"""telex as a peer of the benchmark: its protocol, spoken as bench.py speaks it."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from aiohttp import web
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from kafka_store import create_topic, unique

from acceptance.origin import XML, Origin, item, rss

PEER = Path(__file__).parents[1] / "bench" / "peer-telex"
PATIENCE = 60.0


class Peer:
    """A peer, and the words that are exchanged with it."""

    def __init__(self, folder, servers, topic, urls, *options):
        self.words = folder / "words.txt"
        self._feeds = folder / "feeds.txt"
        self._feeds.write_text("".join(f"{url}\n" for url in urls))
        given = ("--feeds-file", str(self._feeds), "--bootstrap", servers, "--topic", topic)
        self._command = (str(PEER), *given, "--shards", "4", *options)
        self._environment = {
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PEER_WORK": str(folder),
            "TELEX_PEERS": "a variable of the benchmark, which telex does not know",
        }

    async def __aenter__(self):
        with self.words.open("wb") as words:
            self.process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=words, env=self._environment
            )
        return self

    async def __aexit__(self, *_):
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def says(self):
        line = await asyncio.wait_for(self.process.stdout.readline(), PATIENCE)
        assert line, self.words.read_text()
        return line.decode().split()

    async def poll(self):
        self.process.stdin.write(b"poll\n")
        return await self.says()

    async def quit(self):
        self.process.stdin.write(b"quit\n")
        return await asyncio.wait_for(self.process.wait(), PATIENCE)


def conditional(*items):
    """A feed that answers a conditional request with 304."""

    def answer(request):
        tag = f'"{len(items)}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return web.Response(body=rss(*items), headers={"Content-Type": XML, "ETag": tag})

    return answer


async def types_in(servers, topic):
    """The types of the committed records of a topic."""
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=servers, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        ends = await consumer.end_offsets(consumer.assignment())
        found = []
        while any([await consumer.position(place) < end for place, end in ends.items()]):
            fetched = await consumer.getmany(timeout_ms=100)
            found += [dict(record.headers)["ce_type"] for records in fetched.values() for record in records]
        return found
    finally:
        await consumer.stop()


async def topics_of(servers):
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        return {topic for topic in await admin.list_topics() if topic.startswith("peer-telex")}
    finally:
        await admin.close()


async def test_the_peer_polls_each_feed_once_when_it_is_told_and_publishes_articles_alone(servers, tmp_path):
    topic, paths = unique(), ("/one", "/two", "/three")
    await create_topic(servers, topic, 3)
    before = await topics_of(servers)
    feeds = {"/one": rss(item("1a"), item("1b")), "/two": rss(item("2a"))}
    async with (
        Origin({**feeds, "/three": conditional(item("3a"))}) as origin,
        Peer(tmp_path, servers, topic, [origin.url(path) for path in paths]) as peer,
    ):
        assert await peer.says() == ["ready"]
        assert origin.asked == []
        assert await peer.poll() == ["done", "4"]
        assert await peer.poll() == ["done", "0"]
        origin.paths["/two"] = rss(item("2b"), item("2a"))
        origin.paths["/three"] = conditional(item("3b"), item("3a"))
        assert await peer.poll() == ["done", "2"]
        assert [len(origin.times(path)) for path in paths] == [3, 3, 3]
        assert await peer.quit() == 0, peer.words.read_text()
        assert "poll of" not in peer.words.read_text()
    assert await types_in(servers, topic) == [b"telex.article.published"] * 6
    assert await topics_of(servers) <= before


async def test_a_feed_that_fails_is_named_and_ends_nothing(servers, tmp_path):
    async with (
        Origin({"/one": rss(item("1a"))}) as origin,
        Peer(tmp_path, servers, unique(), [origin.url("/one"), origin.url("/missing")]) as peer,
    ):
        assert await peer.says() == ["ready"]
        assert await peer.poll() == ["done", "1"]
        assert await peer.quit() == 0, peer.words.read_text()
        assert "poll of" in peer.words.read_text()
        assert "client_error" in peer.words.read_text()


async def test_the_end_of_its_input_ends_the_peer(servers, tmp_path):
    async with Origin({}) as origin, Peer(tmp_path, servers, unique(), [origin.url("/one")]) as peer:
        assert await peer.says() == ["ready"]
        peer.process.stdin.close()
        assert await asyncio.wait_for(peer.process.wait(), PATIENCE) == 0
        assert origin.asked == []


async def test_settings_are_tried_and_a_wrong_one_is_refused(servers, tmp_path):
    async with Peer(tmp_path, servers, unique(), ["http://127.0.0.1:1/"], "--set", "kafka.compression=none?") as peer:
        assert await asyncio.wait_for(peer.process.wait(), PATIENCE) == 2
        assert "TELEX_KAFKA__COMPRESSION" in peer.words.read_text()
