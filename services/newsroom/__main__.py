"""The command `newsroom`: simulated publishers on 127.0.0.1 until SIGINT or SIGTERM."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from newsroom.app import Config, Newsroom
from newsroom.faults import Level
from newsroom.world import Plan


def main(arguments: list[str] | None = None) -> int:
    """Run the command; its exit status: 0 ended by a signal, 2 a port or a file cannot be used."""
    config = _config(_parser().parse_args(arguments))
    try:
        return asyncio.run(_run(config))
    except OSError as error:
        sys.stderr.write(f"newsroom: {error}; choose another port or file\n")
        return 2


async def _run(config: Config) -> int:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    newsroom = Newsroom(config)
    try:
        await newsroom.start()
        sys.stdout.write(f"newsroom at {newsroom.url}\n")
        sys.stdout.flush()
        await asked.wait()
    finally:
        await newsroom.stop()
    return 0


def _config(options: argparse.Namespace) -> Config:
    plan = Plan(
        seed=options.seed,
        publishers=options.publishers,
        pace=options.pace,
        start_articles=options.articles_start,
    )
    return Config(plan, options.port, Level(options.faults), options.ledger, options.catalogue)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="newsroom", description="Simulated news publishers with a ledger of the truth."
    )
    plan = Plan()
    parser.add_argument("--port", type=_whole, default=0, help="port on 127.0.0.1; 0 takes a free one (default)")
    parser.add_argument(
        "--seed", type=int, default=plan.seed, help="decides the whole day of news (default %(default)s)"
    )
    parser.add_argument("--publishers", type=_count, default=plan.publishers, help="how many (default %(default)s)")
    parser.add_argument(
        "--pace",
        type=_pace,
        default=plan.pace,
        help="mean seconds between news over all publishers; 0: none by itself (default %(default)s)",
    )
    parser.add_argument(
        "--articles-start",
        type=_whole,
        default=plan.start_articles,
        metavar="N",
        help="articles of each publisher at the start (default %(default)s)",
    )
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="write the truth here, as JSON lines")
    parser.add_argument("--catalogue", type=Path, metavar="FILE", help="write the catalogue of the feeds here, as YAML")
    parser.add_argument(
        "--faults", choices=list(Level), default=Level.OFF, help="what goes wrong (default %(default)s)"
    )
    return parser


def _whole(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("0 or more")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return value


def _pace(text: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError("0 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
