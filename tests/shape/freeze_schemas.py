"""Freezes the schemas as a release: `python tests/shape/freeze_schemas.py NUMBER [--again]`.

Copies schemas/ to schemas/released/NUMBER/ with the hash of every file in SHA256SUMS. A release that is out is never
frozen again: `--again` is for one that nobody has installed yet.
"""

import argparse
import hashlib
import shutil
import sys
from pathlib import Path

SCHEMAS = Path(__file__).parents[2] / "schemas"
SUMS = "SHA256SUMS"


def files(root: Path) -> dict[str, bytes]:
    """Every file of a set of schemas by its path below `root`, sorted; copies of releases and their sums left out."""
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    inside = ((path.relative_to(root).as_posix(), path) for path in paths)
    return {name: path.read_bytes() for name, path in inside if name != SUMS and not name.startswith("released/")}


def sums(content: dict[str, bytes]) -> str:
    """The hashes in the form of sha256sum(1)."""
    return "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in content.items())


def freeze(schemas: Path, number: int, *, again: bool) -> Path:
    """Copy what is in `schemas` to its released/`number`, and return that.

    Raises:
        FileExistsError: it is there already, and not to be frozen again.
    """
    target = schemas / "released" / str(number)
    if target.exists():
        if not again:
            raise FileExistsError(target)
        shutil.rmtree(target)
    content = files(schemas)
    for name, data in content.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (target / SUMS).write_text(sums(content), "utf-8")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description="Freezes the schemas as a release.")
    parser.add_argument("number", type=int)
    parser.add_argument("--again", action="store_true", help="replace a copy that nobody has installed yet")
    arguments = parser.parse_args()
    try:
        print(freeze(SCHEMAS, arguments.number, again=arguments.again))
    except FileExistsError as error:
        print(f"{error} is frozen", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
