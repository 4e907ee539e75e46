"""Finds a catalogue's files and gets their bytes: a file, a directory of files, each perhaps gzipped.

In a directory hidden files are passed over, so are `..data` and the dated directories of a mounted ConfigMap, README
files and editors' back-ups (`~`). Any other file has to be a catalogue: a mistyped ending is no reason to lose feeds.
"""

import os
import stat
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from telex.adapters.catalogue.csv_rows import read_csv
from telex.adapters.catalogue.feeds import Draft
from telex.adapters.catalogue.opml import read_opml
from telex.adapters.catalogue.problems import Place, Problems
from telex.adapters.catalogue.tree import place_of_offset
from telex.adapters.catalogue.yaml_nodes import read_yaml

MAX_BYTES = 128 << 20
"""Of one file, unpacked: ten times the CSV of 100,000 feeds."""
_FORMATS = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "yaml",
    ".csv": "csv",
    ".tsv": "csv",
    ".opml": "opml",
    ".xml": "opml",
}
_ENDINGS = ".yaml, .yml, .json, .csv, .tsv, .opml or .xml, or one of them with .gz"


@dataclass(frozen=True, slots=True)
class Source:
    """A document to read: where it came from, its format (yaml, csv, opml) and its bytes, unpacked."""

    where: str
    format: str
    data: bytes


Stamp = tuple[object, ...]
"""Equal as long as the files are: names, real paths, inodes, sizes and times."""


def stamp(paths: Iterable[str]) -> Stamp:
    """What tells that a catalogue's files changed, without reading them. It never fails.

    A mounted ConfigMap swaps the symbolic link `..data`: the real path and the inode of each file change with it.
    """
    return tuple(_stamp(Path(name)) for path in paths for name in (path, *_inside(path)))


def _stamp(path: Path) -> Stamp:
    try:
        status = path.stat()
        return (str(path), os.path.realpath(path), status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns)
    except OSError as error:
        return (str(path), error.errno)


def _inside(path: str) -> list[str]:
    """The files of a directory that are catalogues or ought to be, sorted; none where it is no directory."""
    try:
        names = sorted(os.listdir(path))  # noqa: PTH208 - names are what is asked for
    except OSError:
        return []
    return [
        f"{path.rstrip('/')}/{name}"
        for name in names
        if not name.startswith(".") and not name.endswith("~") and not name.upper().startswith("README")
    ]


def total_bytes(paths: Iterable[str]) -> int:
    """About how many bytes there are to read; packed ones count tenfold."""
    total = 0
    for path in paths:
        for name in _inside(path) or [path]:
            try:
                total += Path(name).stat().st_size * (10 if name.endswith(".gz") else 1)
            except OSError:
                continue
    return total


def read_sources(paths: Iterable[str], problems: Problems) -> list[Source]:
    """Read every file of the catalogue; what is wrong goes to `problems`."""
    found: list[Source] = []
    for path in paths:
        names = [path]
        if Path(path).is_dir():
            names = _inside(path)
            if not names:
                problems.add(Place(path), "", "holds no catalogue file", f"put a file there that ends in {_ENDINGS}")
        found.extend(source for name in names if (source := _read(name, problems)))
    return found


def _read(path: str, problems: Problems) -> Source | None:
    packed = path.lower().endswith(".gz")
    kind = _FORMATS.get(Path(path.lower().removesuffix(".gz")).suffix)
    if kind is None:
        problems.add(Place(path), "", "is of no known format", f"let its name end in {_ENDINGS}")
        return None
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):
            problems.add(Place(path), "", "is no regular file", "move it away, or hide it with a leading dot")
            return None
        with Path(path).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
        problems.add(Place(path), "", what, "check the path and its permissions")
        return None
    if packed:
        return _unpacked(Source(path, kind, data), problems)
    return _bounded(Source(path, kind, data), problems)


def _unpacked(source: Source, problems: Problems) -> Source | None:
    """The document inside a gzip file (RFC 1952), several members included."""
    parts: list[bytes] = []
    size, rest = 0, source.data
    try:
        while rest:
            inflate = zlib.decompressobj(wbits=31)
            parts.append(inflate.decompress(rest, MAX_BYTES + 1 - size))
            size += len(parts[-1])
            if size > MAX_BYTES:
                break
            if not inflate.eof:
                problems.add(Place(source.where), "", "is a gzip file that was cut short", "copy it again")
                return None
            rest = inflate.unused_data.lstrip(b"\0")
    except zlib.error:
        problems.add(Place(source.where), "", "is no gzip file, or a damaged one", "pack it again, or drop the .gz")
        return None
    return _bounded(Source(source.where, source.format, b"".join(parts)), problems)


def _bounded(source: Source, problems: Problems) -> Source | None:
    if len(source.data) > MAX_BYTES:
        limit = f"{MAX_BYTES >> 20} MiB"
        problems.add(Place(source.where), "", f"is larger than {limit}", f"split it into files of at most {limit}")
        return None
    return source


def guess_format(where: str, data: bytes) -> str:
    """The format of a document: by its name, else by how it begins."""
    if kind := _FORMATS.get(Path(where.lower().removesuffix(".gz")).suffix):
        return kind
    beginning = data.removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith(b"<"):
        return "opml"
    first_line = beginning.partition(b"\n")[0]
    cells = first_line.replace(b";", b",").replace(b"\t", b",").split(b",")
    return "csv" if b"url" in {cell.strip().strip(b'"').lower() for cell in cells} else "yaml"


def read_drafts(source: Source, problems: Problems) -> list[Draft]:
    """The feeds of one document; what is wrong goes to `problems`."""
    if not source.data.strip():
        problems.add(Place(source.where), "", "is empty", "write feeds into it, or remove it")
        return []
    if source.format == "opml":  # XML declares its own encoding
        return read_opml(source.data, source.where, problems)
    try:
        text = source.data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = source.data[: error.start].decode("utf-8", "replace")
        place = place_of_offset(before, len(before), source.where)
        problems.add(place, "", f"is not UTF-8: byte 0x{source.data[error.start]:02x}", "save it as UTF-8")
        return []
    return (read_csv if source.format == "csv" else read_yaml)(text, source.where, problems)
