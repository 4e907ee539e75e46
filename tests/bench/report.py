"""The page with the figures, from what `bench.py --json` wrote."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import figures
import plot

PARTS = {"peers": "peers", "micro": "micro", "tagging": "judged_tags", "lag": "lag", "scale": "scaled"}
"""Their modules: each has `measure`; `add_arguments` where it has options; `table`, but for peers, whose is here."""
PAGE = "benchmarks.md"
PLOT = "benchmarks.svg"
INTRODUCTION = """# Benchmarks

Written by `bench.py report` from what `make bench` measured: change neither tables nor plot by hand. `make bench` takes
some 25 minutes; `make bench PARTS="peers --rounds 2 --sizes 600"` less. CPU figures drift between one run and the next:
compare within one."""
PROGRAMS = {
    "telex": "`telex run`, whole: guarded fetch, normalising, limits, memory, exactly-once transactions, metrics",
    "floor": "conditional GETs with aiohttp and nothing else",
    "plain": "aiohttp, feedparser, a set of what was seen in memory, aiokafka: what most people would write",
    "plain-conditional": "`plain`, with ETag and Last-Modified",
    "go": "gofeed, franz-go, a set in memory, conditional GETs",
    "floor-go": "conditional GETs with Go's net/http and nothing else",
}
PHASE_WORDS = {"first": "first ingest", "unchanged": "unchanged", "changed": "one new of {items}"}


def write(document: dict, folder: Path) -> list[Path]:
    """Render the page, and the plot where there are peers; the files written."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / PAGE]
    files[0].write_text("\n".join(page(document)) + "\n", encoding="utf-8")
    peers = document["parts"].get("peers")
    if peers:
        files.append(folder / PLOT)
        files[1].write_text(plot.svg(peers), encoding="utf-8")
    return files


def page(document: dict) -> Iterator[str]:
    """The lines of the page."""
    yield INTRODUCTION
    for name, part in document["parts"].items():
        yield from ("", f"## {name}", "", _about(part), "")
        yield from _rows(name, part)


def text(name: str, part: dict) -> str:
    """A part's tables, for a terminal."""
    return "\n".join(row for row in _rows(name, part) if not row.startswith("!["))


def _rows(name: str, part: dict) -> Iterator[str]:
    if name == "peers":
        yield from _peers(part)
    else:
        yield from import_module(PARTS[name]).table(part["result"])


def _about(part: dict) -> str:
    about = part["machine"]
    packages = ", ".join(f"{name} {version}" for name, version in about["packages"].items())
    return (
        f"{part['date']}, {part['wall_s'] / 60:.1f} minutes. {about['cores']} cores ({about['cpu']}), "
        f"{about['memory_mib']:,} MiB, {about['system']}, Python {about['python']}; {packages}; commit {about['commit']}."
    )


def _peers(part: dict) -> Iterator[str]:
    result, given = part["result"], part["parameters"]
    rounds = result["rounds"]
    count = len({each["round"] for each in rounds})
    yield (
        f"{given['feeds']} feeds with {given['items']} items each, telex over {given['shards']} shards, one real broker, "
        f"{count} rounds: medians, and in brackets from the least to the most. Programs take turns within a round; a ratio "
        "is that of one round, over those turns that both took, and the median is that of the ratios. Every program "
        "published each article exactly once, or there were no figures. Wall seconds are those of one turn: all feeds."
    )
    names = [name for name in rounds[0]["peers"] if name in PROGRAMS]
    yield from ("", *(f"- `{name}`: {PROGRAMS[name]}" for name in names))
    yield from ("", f"![CPU of each program and phase]({PLOT})")
    for setup in figures.setups(rounds):
        mine = figures.rounds_of(rounds, setup)
        size, hosts = setup
        yield from ("", f"### Items of {size:,} bytes, {hosts} host{'s' * (hosts > 1)}", "")
        yield from _absolute(mine, given)
        yield ""
        yield from _relative(mine, given, result["reference"])
    others = figures.Spread(tuple(each["others_cores"] for each in rounds))
    yield from ("", f"Other processes of the machine used {others} cores meanwhile.")
    yield from (f"Not measured: {each}." for each in result["skipped"])


def _absolute(rounds: list[dict], given: dict) -> Iterator[str]:
    feeds, items = given["feeds"], given["items"]
    yield (
        "| program | first: articles per CPU s | wall s | unchanged: CPU ms a poll | wall s | "
        f"one new of {items}: CPU ms a poll | articles per CPU s | wall s | peak MiB |"
    )
    yield "|---|" + "--:|" * 8
    for name, peer in rounds[0]["peers"].items():
        columns = [
            figures.articles_per_cpu("first"),
            figures.wall_per_turn("first"),
            figures.cpu_per_poll(feeds, "unchanged"),
            figures.wall_per_turn("unchanged"),
            figures.cpu_per_poll(feeds, "changed"),
            figures.articles_per_cpu("changed"),
            figures.wall_per_turn("changed"),
            figures.memory,
        ]
        hidden = () if figures.publishes(peer) else (0, 5)
        cells = [
            "–" if number in hidden else str(figures.of_rounds(rounds, name, column))
            for number, column in enumerate(columns)
        ]
        yield f"| {name} | {' | '.join(cells)} |"


def _relative(rounds: list[dict], given: dict, reference: str) -> Iterator[str]:
    words = [PHASE_WORDS[phase].format(items=given["items"]) for phase in figures.PHASES]
    yield f"| CPU of {reference} ÷ that of | {' | '.join(words)} |"
    yield "|---|" + "--:|" * len(words)
    for name in rounds[0]["peers"]:
        if name != reference:
            cells = [str(figures.ratios(rounds, reference, name, phase)) for phase in figures.PHASES]
            yield f"| {name} | {' | '.join(cells)} |"
