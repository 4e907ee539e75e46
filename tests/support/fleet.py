"""telex, the newsroom and Kafka together, and what their logs tell of who owned what when."""

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support.fleet_processes import Member, Press, until
from support.judge import Verdict
from support.kafka import Cluster
from support.verdict import judge_log, read_log

_TAIL = 60
PAGES = 75.0
"""An article waits for its page for at most 60 seconds."""


@dataclass
class Fleet:
    """Everything together; whatever happens, `close` ends all of it.

    `lost` is how many answers that showed one article may die with the member that had asked, before it leaves again.
    """

    folder: Path
    cluster: Cluster
    press: Press
    shards: int = 8
    prefix: str = ""
    lost: int = 1
    settings: dict[str, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)

    def member(self, name: str, *options: str, static: bool = True, **settings: str) -> Member:
        """A member that is not started. `static`: its name is the group's, too."""
        chosen = {
            "TELEX_CATALOGUE": str(self.press.catalogue),
            "TELEX_HTTP": "127.0.0.1:0",
            "TELEX_FETCH__ALLOW_NETWORKS": "127.0.0.0/8",
            "TELEX_FETCH__PER_HOST": "none",
            "TELEX_POLLING__BACKOFF_CAP": "2",
            "TELEX_LOG__KIND": "kafka",
            "TELEX_LOG__SHARDS": str(self.shards),
            "TELEX_KAFKA__BOOTSTRAP": self.cluster.servers,
            "TELEX_KAFKA__SESSION": "3",
            "TELEX_KAFKA__HEARTBEAT": "0.3",
            "TELEX_KAFKA__REQUEST_TIMEOUT": "10",
            "TELEX_KAFKA__TRANSACTION_TIMEOUT": "15",
            "TELEX_KAFKA__ARTICLES_PARTITIONS": "3",
            "TELEX_KAFKA__GROUP": f"{self.prefix}telex",
            "TELEX_KAFKA__STATE_TOPIC": f"{self.prefix}telex.state",
            "TELEX_KAFKA__INBOX_TOPIC": f"{self.prefix}telex.inbox",
            "TELEX_KAFKA__EVENTS_TOPIC": f"{self.prefix}telex.events",
            "TELEX_TOPICS__ARTICLES": f"{self.prefix}news.articles",
            "TELEX_TOPICS__FEEDS": f"{self.prefix}news.feeds",
            "TELEX_TOPICS__FEEDLOG": f"{self.prefix}news.feedlog",
            "TELEX_TOPICS__DEADLETTERS": f"{self.prefix}news.deadletters",
            **({"TELEX_KAFKA__INSTANCE": name} if static else {}),
            **self.settings,
            **settings,
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("TELEX_")}
        articles = ("--articles", chosen["TELEX_TOPICS__ARTICLES"])
        self.members[name] = Member(name, self.folder, inherited | chosen, (*articles, *options))
        return self.members[name]

    def lines(self) -> list[dict[str, Any]]:
        """The log lines of all members, in the order of time."""
        return sorted(
            (line for member in self.members.values() for line in member.lines()), key=lambda line: line["at"]
        )

    def owners(self, at: float | None = None) -> dict[int, str]:
        """Which member claimed a shard last, and is not known to have lost it."""
        owners: dict[int, str] = {}
        for line in self.lines():
            if at is not None and line["at"] > at:
                break
            if line["event"] == "shard claimed":
                owners[line["shard"]] = line["member"]
            elif line["event"] in {"shard lost", "shard released"} and owners.get(line["shard"]) == line["member"]:
                del owners[line["shard"]]
        return owners

    def wait_owned(self, *members: Member, since: float = 0.0, patience: float = 60.0) -> None:
        """Wait until these members, each with its share, own all shards by claims that live."""
        names = {member.name for member in members}

        def owned() -> bool:
            owners = self.owners()
            assert all(member.alive for member in members), "one of them ended"
            return len(owners) == self.shards and set(owners.values()) == names and self.last_claim() >= since

        until(owned, f"the shards to be owned by {sorted(names)}", patience)

    def judge(self, patience: float = 0.0) -> Verdict:
        """End all members in good order, and hold what they told against the ledger.

        `patience`: so long an article may still wait for its page.
        """
        until_then = time.monotonic() + patience
        while time.monotonic() < until_then and any("was lost" in wrong for wrong in self._verdict().wrong):
            time.sleep(1)
        for member in self.members.values():
            if member.alive:
                member.terminate()
        self.press.close()
        return self._verdict()

    def _verdict(self) -> Verdict:
        return judge_log(self.press.ledger, read_log(self.cluster.servers, self.folder, self.prefix), self.lost)

    def last_claim(self) -> float:
        """When a shard was claimed last."""
        return max((line["at"] for line in self.lines() if line["event"] == "shard claimed"), default=0.0)

    def back_after(self, member: Member, at: float) -> float:
        """Seconds from `at`, when the member died or was stopped, until all that it owned was claimed by a live one."""
        lost = {shard for shard, owner in self.owners(at).items() if owner == member.name}

        def claims() -> dict[int, float]:
            return self._next_claims(lost, at)

        until(lambda: claims().keys() == lost, f"the shards of {member.name} to be claimed again")
        return max(claims().values(), default=at) - at

    def _next_claims(self, shards: Iterable[int], at: float) -> dict[int, float]:
        found: dict[int, float] = {}
        for line in self.lines():
            if line["event"] == "shard claimed" and line["at"] > at and line["shard"] in shards:
                found.setdefault(line["shard"], line["at"])
        return found

    def first_commit(self, since: float, patience: float = 60.0) -> float:
        """When events of articles were first committed since then, by whomever."""

        def found() -> list[float]:
            commits = [each for member in self.members.values() for each in member.commits()]
            return sorted(each["at"] for each in commits if each["at"] >= since and each["telling"])

        return until(found, "a commit", patience)[0]

    def gap_of_restart(self, member: Member, asked: float) -> float:
        """The longest time that a shard of the member had no owner around a restart that was asked for then."""
        owned = {shard for shard, owner in self.owners(asked).items() if owner == member.name}
        until(lambda: self._next_claims(owned, asked).keys() == owned, f"{member.name} to be back")
        released = {
            line["shard"]: line["at"]
            for line in member.lines()
            if line["event"] == "shard released" and line["at"] >= asked and line["shard"] in owned
        }
        claims = self._next_claims(owned, asked)
        return max((claims[shard] - released.get(shard, asked) for shard in owned), default=0.0)

    def words(self) -> str:
        """The last that everybody said, for a test that failed."""
        parts = []
        for member in self.members.values():
            said = member.log.read_text(errors="replace").splitlines() if member.log.exists() else []
            parts += [f"--- {member.name}, {member.starts} starts", *said[-_TAIL:]]
            parts += [f"    done: {json.dumps(each)}" for each in member.done()[-10:]]
        for broker in self.cluster.brokers:
            said = broker.log.read_text(errors="replace").splitlines() if broker.log.exists() else []
            parts += [f"--- node {broker.node}", *said[-15:]]
        return "\n".join(parts)

    def close(self) -> None:
        """End everything but the cluster."""
        for member in self.members.values():
            member.close()
        self.press.close()


@contextlib.contextmanager
def fleet(folder: Path, cluster: Cluster, press: Press, **more: Any) -> Iterator[Fleet]:
    """A fleet with a newsroom that runs; everything that was started ends, and a failure shows what was said."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Fleet(folder, cluster, press, **more)
    try:
        press.run()
        yield made
    except BaseException:
        print(made.words())
        raise
    finally:
        made.close()
