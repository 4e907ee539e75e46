"""Finds a catalogue's files and gets their bytes: a file, a directory of files, each perhaps gzipped.

In a directory every file has to be a catalogue, but for hidden ones, README files and back-ups: a mistyped ending is no
reason to lose feeds.
"""

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from telex.adapters.catalogue.csv_rows import read_csv
from telex.adapters.catalogue.feeds import Draft
from telex.adapters.catalogue.opml import read_opml
from telex.adapters.catalogue.yaml_nodes import read_yaml
from telex.adapters.configuration.files import decoded, inside, read_bytes, within
from telex.adapters.configuration.problems import Place, Problems

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


def total_bytes(paths: Iterable[str]) -> int:
    """About how many bytes there are to read; packed ones count tenfold."""
    total = 0
    for path in paths:
        for name in inside(path) or [path]:
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
            names = inside(path)
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
    data = read_bytes(path, MAX_BYTES, problems)
    if data is None:
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
    return source if within(source.data, MAX_BYTES, source.where, problems) else None


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
    text = decoded(source.data, source.where, problems)
    if text is None:
        return []
    return (read_csv if source.format == "csv" else read_yaml)(text, source.where, problems)
