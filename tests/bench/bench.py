"""`make bench`: what telex costs.

    bench.py [PART …] [--json FILE] [--rounds N] …   measure (default: every part)
    bench.py report FILE … [--to FOLDER]             write the page and the plot of what was measured

Parts: `peers`, telex against other programs on the same feeds; `scale`, 100,000 feeds; `lag`, the event loop beside the
largest document; `micro`, the parts of telex by name; `tagging`, how fast and
how right tags are. Of several files, each part is taken from the last that holds it.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import time
from contextlib import aclosing, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import accounting
import report
from report import PARTS

from support import kafka

PACKAGES = ("telex", "aiohttp", "aiokafka", "feedparser", "lxml", "orjson")
ROOT = Path(__file__).parents[2]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; none is all of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, also after Ctrl-C")
    parser.add_argument("--rounds", type=int, default=9, help="of every part but scale")
    for module in PARTS.values():
        add = getattr(import_module(module), "add_arguments", None)
        if add is not None:
            add(parser)
    given = parser.parse_args()
    if unknown := [part for part in given.parts if part not in PARTS]:
        parser.error(f"there is no part {unknown[0]}, but {', '.join(PARTS)}")
    given.parts = given.parts or list(PARTS)
    return given


def about() -> dict[str, object]:
    """The machine and the programs; the broker's version is that of its jars."""
    facts = accounting.machine(PACKAGES) | {"commit": _commit()}
    with suppress(kafka.NoKafkaError):
        (jar,) = kafka.libraries().glob("kafka-clients-*.jar")
        facts["packages"]["Kafka"] = jar.stem.rpartition("-")[2]
    return facts


def _commit() -> str:
    """What is measured; `unknown` outside a clone."""
    command = ("git", "-C", str(ROOT), "describe", "--always", "--dirty", "--exclude=*")
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


async def measure(given: argparse.Namespace, document: dict) -> bool:
    """Run the parts; the document always holds what there is so far. False where a part could not run here."""
    everything = True
    parameters = {name: value for name, value in vars(given).items() if name not in ("json", "parts")}
    for name in given.parts:
        began = time.monotonic()
        part = {"date": datetime.now(UTC).isoformat(timespec="seconds"), "machine": about(), "parameters": parameters}
        try:
            async with aclosing(import_module(PARTS[name]).measure(given)) as results:
                async for result in results:
                    document["parts"][name] = part | {"wall_s": time.monotonic() - began, "result": result}
        except kafka.NoKafkaError as error:
            everything = False
            remedy = f"name a broker in {kafka.GIVEN}, or install Java and Maven"
            print(f"SKIPPED {name}: no broker: {error}; {remedy}", file=sys.stderr, flush=True)
        else:
            print(f"\n{name}\n\n{report.text(name, document['parts'][name])}", flush=True)
    return everything


async def whole(given: argparse.Namespace, document: dict) -> bool:
    """The same, ended in order by SIGTERM as by Ctrl-C."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asyncio.current_task().cancel)
    return await measure(given, document)


def render(words: list[str]) -> int:
    """`bench.py report`."""
    parser = argparse.ArgumentParser(prog="bench.py report", description="Write the page and the plot.")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--to", type=Path, default=ROOT / "docs", metavar="FOLDER")
    given = parser.parse_args(words)
    parts: dict[str, object] = {}
    for file in given.files:
        parts |= json.loads(file.read_text(encoding="utf-8"))["parts"]
    document = {"parts": {name: parts[name] for name in PARTS if name in parts}}
    for file in report.write(document, given.to):
        print(file)
    return 0


def main() -> int:
    if sys.argv[1:2] == ["report"]:
        return render(sys.argv[2:])
    given, document = arguments(), {"parts": {}}
    try:
        return 0 if asyncio.run(whole(given, document)) else 1
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("bench: interrupted", file=sys.stderr)
        return 130
    finally:
        if given.json and document["parts"]:
            given.json.parent.mkdir(parents=True, exist_ok=True)
            given.json.write_text(
                json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8"
            )


if __name__ == "__main__":
    sys.exit(main())
