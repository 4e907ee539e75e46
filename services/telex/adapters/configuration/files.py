"""Finds files that operators write, tells when they changed, and gets their bytes.

In a directory hidden files are passed over, so are `..data` and the dated directories of a mounted ConfigMap, README
files and editors' back-ups (`~`).
"""

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from telex.adapters.configuration.problems import Place, Problems
from telex.adapters.configuration.tree import place_of_offset

T = TypeVar("T")
_ATTEMPTS = 5
Stamp = tuple[object, ...]
"""Equal as long as the files are: names, real paths, inodes, sizes and times."""


def stamp(paths: Iterable[str]) -> Stamp:
    """What tells that files changed, or the files of directories, without reading them. It never fails.

    A mounted ConfigMap swaps the symbolic link `..data`: the real path and the inode of each file change with it.
    """
    return tuple(_stamp(Path(name)) for path in paths for name in (path, *inside(path)))


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
        return (str(path), os.path.realpath(path), status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns)
    except OSError as error:
        return (str(path), error.errno)


def inside(path: str) -> list[str]:
    """The files of a directory that are meant to be read, sorted; none where it is no directory."""
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208 - names are what is asked for
    except OSError:
        return []
    return [
        f"{path.rstrip('/')}/{name}"
        for name in names
        if not name.startswith(".") and not name.endswith("~") and not name.upper().startswith("README")
    ]


def read_at_rest(paths: tuple[str, ...], read: Callable[[Problems], T], problems: Problems) -> T | None:
    """What `read` makes of files while none of them changed: half of an old set and half of a new one is none.

    Only the problems of the last attempt go to `problems`; None where the files never rest.
    """
    for _ in range(_ATTEMPTS):
        before, found = stamp(paths), Problems()
        made = read(found)
        if before == stamp(paths):
            problems.extend(found)
            return made
    problems.add(Place(", ".join(paths)), "", "changed while it was read", "wait until nothing writes it, try again")
    return None


def read_bytes(path: str, limit: int, problems: Problems) -> bytes | None:
    """The bytes of a file, one more than `limit` at most; None where it cannot be read, which goes to `problems`."""
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            problems.add(Place(path), "", "is no regular file", "move it away, or hide it with a leading dot")
            return None
        with Path(path).open("rb") as file:
            return file.read(limit + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        problems.add(Place(path), "", what, "check the path and its permissions")
        return None


def within(data: bytes, limit: int, where: str, problems: Problems) -> bool:
    """Whether these are not more bytes than `limit`, some MiB; else that goes to `problems`."""
    if len(data) <= limit:
        return True
    bound = f"{limit >> 20} MiB"
    problems.add(Place(where), "", f"is larger than {bound}", f"split it into files of at most {bound}")
    return False


def decoded(data: bytes, where: str, problems: Problems) -> str | None:
    """The text of a file in UTF-8, without its byte order mark; None where it is none, which goes to `problems`."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        place = place_of_offset(before, len(before), where)
        problems.add(place, "", f"is not UTF-8: byte 0x{data[error.start]:02x}", "save it as UTF-8")
        return None
