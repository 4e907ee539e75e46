"""What publishers ask of robots: robots.txt (RFC 9309) and the reservations that a page's own headers make."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, assert_never

from protego import Protego

from telex.core.exchange import Exchange, Fetched, Gone, NotModified, Refusal, Refused

MAX_SIZE: Final = 500 * 1024
"""Bytes of a robots.txt that are read: RFC 9309, section 2.5 asks for at least that many. The rest is ignored."""
FRESH: Final = 24 * 3600.0
"""Seconds for which rules are kept (RFC 9309, section 2.4)."""
RETRY: Final = 600.0
"""Seconds for which an unreachable robots.txt is taken to forbid everything."""
PRODUCT: Final = "telex"
_MAX_RULES: Final = 2000
_LARGE: Final = 16 * 1024
_MAX_KEPT: Final = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rules:
    """What one origin's robots.txt says to us. `parsed` None is a plain yes or no; `why` is told where it is no."""

    allowed: bool
    parsed: Protego | None = None
    size: int = 0
    why: str = "robots.txt forbids it"

    def allow(self, url: str) -> bool:
        """Whether the page may be fetched."""
        return self.allowed if self.parsed is None else bool(self.parsed.can_fetch(url, PRODUCT))


ALLOW_ALL: Final = Rules(allowed=True)


def parse(body: bytes) -> Rules:
    """The rules in a robots.txt. Only groups for `telex` or `*` are read, and at most 2,000 rules of each.

    The parser makes every rule of a group once for each of its user agents: a hostile file of 500 KiB would become
    millions of rules. Hence what is not ours is dropped first.
    """
    lines = _ours(body[:MAX_SIZE].decode("utf-8-sig", "replace").splitlines())
    text = "\n".join(lines)
    return Rules(allowed=True, parsed=Protego.parse(text), size=len(text)) if lines else ALLOW_ALL


async def read(answer: Exchange) -> tuple[Rules, float]:
    """The rules that follow from the answer to a request for robots.txt, and for how many seconds they hold.

    RFC 9309, section 2.3.1: where there is none (4xx, endless redirects) all is allowed; where it cannot be reached
    nothing is. A 429 says "not now" and thus belongs to the latter.
    """
    match answer:
        case Fetched(body=body):
            return await asyncio.to_thread(parse, body) if len(body) > _LARGE else parse(body), FRESH
        case Gone() | Refused(reason=Refusal.CLIENT_ERROR | Refusal.UNAUTHORISED | Refusal.REDIRECTS):
            return ALLOW_ALL, FRESH
        case Refused(reason=reason):
            return Rules(allowed=False, why=f"robots.txt cannot be reached ({reason})"), RETRY
        case NotModified():
            return Rules(allowed=False, why="robots.txt cannot be reached (protocol)"), RETRY
        case _:
            assert_never(answer)


def _ours(lines: Iterable[str]) -> list[str]:
    """The groups for us and for everybody, each written once with all its rules (RFC 9309, section 2.2.1)."""
    groups: dict[str, list[str]] = {}
    current: set[str] = set()
    in_rules = True
    for line in lines:
        field, colon, value = line.partition("#")[0].partition(":")
        name, value = field.strip().lower(), value.strip()
        if not colon or name in {"sitemap", "host"}:  # these stand outside of groups
            continue
        if name == "user-agent":
            current = set() if in_rules else current
            in_rules = False
            agent = value.lower().partition("/")[0].strip()
            if agent in {PRODUCT, "*"}:
                current.add(agent)
                groups.setdefault(agent, [])
            continue
        in_rules = True
        if name in {"allow", "disallow"}:
            for agent in current:
                if len(groups[agent]) < _MAX_RULES:
                    groups[agent].append(f"{name}: {value}")
    return [line for agent, rules in sorted(groups.items()) for line in (f"user-agent: {agent}", *rules, "disallow:")]


class RobotsCache:
    """The rules of origins, for a day each; bounded by the size of what it keeps: the longest unused go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[float, Rules]] = OrderedDict()
        self._size = 0

    def get(self, origin: str, now: float) -> Rules | None:
        """The origin's rules, unless unknown or older than they may be."""
        found = self._kept.get(origin)
        if found is None:
            return None
        if found[0] <= now:
            self._drop(origin)
            return None
        self._kept.move_to_end(origin)
        return found[1]

    def put(self, origin: str, rules: Rules, until: float) -> None:
        """Keep rules until then."""
        if origin in self._kept:
            self._drop(origin)
        self._kept[origin] = until, rules
        self._size += _weight(origin, rules)
        while self._size > _MAX_KEPT:
            self._drop(next(iter(self._kept)))

    def _drop(self, origin: str) -> None:
        _, rules = self._kept.pop(origin)
        self._size -= _weight(origin, rules)


def _weight(origin: str, rules: Rules) -> int:
    """Bytes, roughly: a parsed rule takes some twelve times its text."""
    return len(origin) + 200 + 12 * rules.size


def reservation(headers: Mapping[str, str], robots_tags: Iterable[str]) -> str | None:
    """Why a page's own headers keep it from being used; None where they do not.

    They are TDM-Reservation (TDMRep: 1 is "reserved") and an X-Robots-Tag with `noai`, for everybody or for us.
    """
    if headers.get("tdm-reservation", "").strip() == "1":
        return "text and data mining is reserved (TDM-Reservation)"
    if any(_says_noai(tag) for tag in robots_tags):
        return "not for machines that learn (X-Robots-Tag: noai)"
    return None


def _says_noai(tag: str) -> bool:
    """A tag may begin with the name of the robot that it is for: `otherbot: noindex, noai`."""
    agent, colon, rest = tag.partition(":")
    directives = rest if colon and "," not in agent else tag
    if colon and "," not in agent and agent.strip().lower() not in {PRODUCT, "unavailable_after", "max-snippet"}:
        return False
    return any(directive.strip().lower() == "noai" for directive in directives.split(","))
