"""The verdict on Kafka: what Kafka's own client reads there, held against the newsroom's ledger file alone."""

import base64
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from newsroom.ledger import load
from support import kafka
from support.judge import Verdict, judge
from telex.core.records import Record
from telex.ports import Stored

SOURCE = Path(__file__).parents[1] / "kafka" / "verdict" / "Verdict.java"
ARTICLES = "news.articles"
MERGED = "telex.events"
STATE = "telex.state"
TOPICS = (ARTICLES, "news.feeds", "news.feedlog", "news.deadletters")
COMPACTED = frozenset({"news.feeds"})
"""Of these the older records of a key may be gone."""
_SEGMENT = re.compile(r"Dumping .*-(\d+)/\d+\.log")
_MARKER = re.compile(r"CreateTime: (\d+) .*endTxnMarker: (\w+)")


@dataclass(frozen=True, slots=True)
class Place(Stored):
    """A record with the partition that it stands in; its position is the offset there."""

    partition: int


def read_log(servers: str, folder: Path, prefix: str = "", patience: int = 60) -> tuple[Place, ...]:
    """Every committed record of the topics of events, partition by partition in the order of their offsets.

    `prefix` is what their names begin with; it is left out of what is given.

    Raises:
        RuntimeError: a transaction stays open for `patience` seconds, or the brokers do not answer.
    """
    path = folder / "committed.jsonl"
    topics = [prefix + topic for topic in (*TOPICS, MERGED)]
    kafka.java(str(SOURCE), servers, str(path), str(patience), *topics, timeout=patience + 120)
    with path.open("rb") as lines:
        return tuple(_place(orjson.loads(line), prefix) for line in lines)


def _place(fields, prefix: str) -> Place:
    headers = tuple((name, _bytes(value).decode().removeprefix(prefix)) for name, value in fields["headers"])
    record = Record(
        fields["topic"].removeprefix(prefix), _bytes(fields["key"]).decode(), headers, _bytes(fields["value"])
    )
    return Place(fields["offset"], record, fields["timestamp"] / 1000, fields["partition"])


def _bytes(value: str | None) -> bytes | None:
    return None if value is None else base64.b64decode(value)


def judge_log(ledger: Path, places: Sequence[Place], lost: int = 1) -> Verdict:
    """Nothing lost, nothing twice, versions in order without gaps, one key and one partition for each article.

    `lost` is how many answers that showed one article may have died with who asked.
    """
    verdict = judge(load(ledger), (place for place in places if place.record.topic == ARTICLES), lost=lost)
    verdict.wrong[:0] = [*_twice(places), *_scattered(places), *_merged_otherwise(places)]
    return verdict


def _name(place: Place) -> tuple[str, str]:
    headers = dict(place.record.headers)
    return headers["ce_source"], headers["ce_id"]


def _twice(places: Iterable[Place]) -> list[str]:
    counts = Counter((place.record.topic, *_name(place)) for place in places if place.record.value is not None)
    return [
        f"{topic}: {ident} of {source} stands there {n} times" for (topic, source, ident), n in counts.items() if n > 1
    ]


def _scattered(places: Iterable[Place]) -> list[str]:
    partitions: dict[str, set[int]] = {}
    wrong = []
    for place in places:
        if place.record.topic == ARTICLES:
            article = orjson.loads(place.record.value)["id"]
            partitions.setdefault(article, set()).add(place.partition)
            if place.record.key != article:
                wrong.append(f"{article} has the key {place.record.key!r}")
    return wrong + [
        f"{name} stands in partitions {sorted(where)}" for name, where in partitions.items() if len(where) > 1
    ]


def _merged_otherwise(places: Iterable[Place]) -> list[str]:
    """The merged topic holds what the topics hold, and each article's events in the same order."""
    apart: dict[str, list[tuple[str, str]]] = {}
    merged: dict[str, list[tuple[str, str]]] = {}
    for place in places:
        topic = dict(place.record.headers).get("telex_topic", place.record.topic)
        if place.record.value is not None and topic not in COMPACTED:
            side = merged if place.record.topic == MERGED else apart
            side.setdefault(place.record.key, []).append(_name(place))
    if not merged:
        return []
    return [
        f"{key}: {apart.get(key)} in its topic, {merged.get(key)} in {MERGED}"
        for key in sorted(apart.keys() | merged.keys())
        if _comparable(apart.get(key)) != _comparable(merged.get(key))
    ]


def _comparable(names: list[tuple[str, str]] | None) -> list[tuple[str, str]]:
    """Events of an article are in order; those of a feed are spread over topics, which have no order among them."""
    names = names or []
    kinds = {ident.count(":") for _, ident in names}
    return names if kinds == {1} else sorted(names)


@dataclass(frozen=True, slots=True)
class Marker:
    """The end of a transaction in a partition: COMMIT or ABORT, and when its broker wrote it."""

    partition: int
    kind: str
    at: float


def markers(node: Path, topic: str = STATE) -> tuple[Marker, ...]:
    """How transactions ended on a topic, by the segments in a node's folder; every commit of telex writes to STATE."""
    files = sorted(map(str, (node / "data").glob(f"{topic}-*/*.log")))
    out = kafka.java(
        "org.apache.kafka.tools.DumpLogSegments", "--deep-iteration", "--files", ",".join(files), timeout=180
    )
    found, partition = [], -1
    for line in out.splitlines():
        if segment := _SEGMENT.match(line):
            partition = int(segment[1])
        elif marker := _MARKER.search(line):
            found.append(Marker(partition, marker[2], int(marker[1]) / 1000))
    return tuple(found)


def left_open(ends: Sequence[Marker], partition: int, at: float) -> bool:
    """Whether a transaction was open on the partition then, and came to nothing."""
    later = [marker for marker in ends if marker.partition == partition and marker.at >= at]
    return bool(later) and min(later, key=lambda marker: marker.at).kind == "ABORT"
