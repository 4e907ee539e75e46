"""A subscriber to telex's articles: prints type, id, version, language and title of each event, separated by tabs.

Needs aiokafka, and zstandard support: pip install 'aiokafka[zstd]'. Flags or variables: see --help.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from contextlib import suppress

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import CommitFailedError

PUBLISHED, UPDATED, WITHDRAWN = (f"telex.article.{word}" for word in ("published", "updated", "withdrawn"))


class Articles:
    """What we know of each article. Yours is a database: write it in one transaction with the work that you do.

    Kafka hands an event out again where we die between the work and the commit of its offset. Comparing versions skips
    it. Who keeps no versions can keep the pairs (ce_source, ce_id) instead: they name an event for ever.
    """

    def __init__(self) -> None:
        self.latest = {}

    def take(self, kind: str, article: dict) -> None:
        """Do the work for one event; an event that is not newer than what we know is skipped."""
        if article["version"] <= self.latest.get(article["id"], 0):
            return
        if kind in (PUBLISHED, UPDATED):
            pass  # the whole article is there: replace yours with it
        elif kind == WITHDRAWN:
            pass  # the publisher took it down: hide yours. There is no text in it, and it may come back as an update
        words = (kind, article["id"], article["version"], article["language"] or "-", article["title"] or "-")
        print(*words, sep="\t", flush=True)
        self.latest[article["id"]] = article["version"]


def handle(record, articles: Articles) -> None:
    """An article's event is worked on. What we do not know is none of our business: other types, other members."""
    headers = {name: value.decode() for name, value in record.headers}
    kind = headers.get("ce_type")
    if kind in (PUBLISHED, UPDATED, WITHDRAWN) and record.value is not None:
        articles.take(kind, json.loads(record.value))


async def subscribe(options: argparse.Namespace) -> None:
    """Work until a signal comes, or nothing has come for `until_idle` seconds."""
    loop, stop, articles = asyncio.get_running_loop(), asyncio.Event(), Articles()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    consumer = AIOKafkaConsumer(
        *options.topics.split(","),
        bootstrap_servers=options.bootstrap,
        group_id=options.group,
        isolation_level="read_committed",  # without it you get events that were never published
        enable_auto_commit=False,  # we commit what is done, not what was fetched
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        last = loop.time()
        while not stop.is_set():
            fetched = await consumer.getmany(timeout_ms=200, max_records=500)
            for records in fetched.values():
                for record in records:
                    handle(record, articles)
            if fetched:
                with suppress(CommitFailedError):  # the partition is another member's by now: it gets them again
                    await consumer.commit()
            if fetched or not consumer.assignment():
                last = loop.time()
            elif options.until_idle is not None and loop.time() - last > options.until_idle:
                break
    finally:
        await consumer.stop()


def main() -> None:
    """Read the flags and go."""
    parser = argparse.ArgumentParser(description="Print telex's article events.")
    environment = os.environ.get
    parser.add_argument("--bootstrap", default=environment("BOOTSTRAP", "localhost:9092"))
    parser.add_argument("--topics", default=environment("TOPICS", "news.articles"), help="separated by commas")
    parser.add_argument("--group", default=environment("GROUP", "example-python"))
    parser.add_argument("--until-idle", type=float, metavar="SECONDS", help="end when nothing comes for so long")
    sys.stdout.reconfigure(encoding="utf-8")
    asyncio.run(subscribe(parser.parse_args()))


if __name__ == "__main__":
    main()
