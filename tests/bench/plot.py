"""The plot: CPU of every program in every phase, a row of panels for each setup. SVG, made by hand."""

from collections.abc import Callable, Iterator
from html import escape

import figures

_PANEL, _BAR, _GAP, _LABELS, _TOP = 230, 15, 6, 120, 64
_FONT = "font-family='sans-serif' font-size='11'"
_OURS, _THEIRS = "#1f6f8b", "#b9c4c9"


def svg(part: dict) -> str:
    """The picture, with the figures written beside their bars."""
    result, given = part["result"], part["parameters"]
    rounds = result["rounds"]
    setups = figures.setups(rounds)
    height = 42 + len(rounds[0]["peers"]) * (_BAR + _GAP)
    width = _LABELS + 3 * (_PANEL + 20)
    total = _TOP + len(setups) * height
    lines = [
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{total}' viewBox='0 0 {width} {total}' {_FONT}>",
        f"<rect width='{width}' height='{total}' fill='white'/>",
        f"<text x='10' y='22' font-size='14' font-weight='bold'>CPU milliseconds, {part['date'][:10]}: shorter is better</text>",
        f"<text x='10' y='40'>rounds: {len({each['round'] for each in rounds})}, medians; each panel has its own scale</text>",
    ]
    for number, setup in enumerate(setups):
        lines += _row(figures.rounds_of(rounds, setup), setup, given, result["reference"], _TOP + number * height)
    return "\n".join([*lines, "</svg>", ""])


def _row(rounds: list[dict], setup: tuple[int, int], given: dict, reference: str, top: int) -> Iterator[str]:
    feeds, (size, hosts) = given["feeds"], setup
    panels: tuple[tuple[str, Callable[[dict], float]], ...] = (
        ("first ingest, an article", figures.cpu_per_article),
        ("unchanged, a poll", figures.cpu_per_poll(feeds, "unchanged")),
        (f"one new of {given['items']}, a poll", figures.cpu_per_poll(feeds, "changed")),
    )
    yield f"<text x='10' y='{top + 12}' font-weight='bold'>{size:,} B, {hosts} host{'s' * (hosts > 1)}</text>"
    for number, name in enumerate(rounds[0]["peers"]):
        y = top + 20 + number * (_BAR + _GAP) + 12
        yield f"<text x='{_LABELS - 8}' y='{y}' text-anchor='end'>{escape(name)}</text>"
    for number, (title, figure) in enumerate(panels):
        x = _LABELS + number * (_PANEL + 20)
        yield f"<text x='{x}' y='{top + 12}'>{title}</text>"
        yield from _bars(rounds, figure, reference, x, top + 20, idle=number == 0)


def _bars(
    rounds: list[dict], figure: Callable[[dict], float], reference: str, x: int, top: int, *, idle: bool
) -> Iterator[str]:
    """A bar a program; those that publish nothing have none where `idle`."""
    shown = {
        name: figures.of_rounds(rounds, name, figure).median
        for name, peer in rounds[0]["peers"].items()
        if figures.publishes(peer) or not idle
    }
    scale = (_PANEL - 50) / max(shown.values())
    for number, name in enumerate(rounds[0]["peers"]):
        y = top + number * (_BAR + _GAP)
        if name not in shown:
            yield f"<text x='{x}' y='{y + 12}' fill='#777'>publishes nothing</text>"
            continue
        length = max(1.0, shown[name] * scale)
        colour = _OURS if name == reference else _THEIRS
        yield f"<rect x='{x}' y='{y}' width='{length:.1f}' height='{_BAR}' fill='{colour}'/>"
        yield f"<text x='{x + length + 4:.1f}' y='{y + 12}'>{figures.short(shown[name])}</text>"
