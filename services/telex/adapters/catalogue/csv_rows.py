"""Reads a CSV catalogue: a header row of the YAML's key names, of which only `url` is required.

The separator is the comma, semicolon or tab that the header row uses. Lists are separated by `;` or `|`, or are JSON
(a cell that begins with `[`); `headers` is a JSON object; `credentials` is `env:NAME` or `file:PATH`. An empty cell
states nothing. Cells that repeat are parsed once: 100,000 feeds have few languages.
"""

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

from telex.adapters.catalogue.feeds import KEYS, Draft, Key, unknown_key
from telex.adapters.configuration.problems import Place, Problems, WrongValueError

COLUMNS = (*(name.replace(".", "_") for name in KEYS),)
"""The columns as they are written; `interval.min` and `interval.max` are understood too."""
_KEY_OF = {column: KEYS[name] for name, column in zip(KEYS, COLUMNS, strict=True)} | dict(KEYS)
_LISTS = frozenset({"previously", "categories", "boilerplate", "page_drop"})
_BOOLEANS = frozenset({"full_text", "confirmed"})
_UNIQUE = frozenset({"id", "url", "previously", "name", "source"})
"""Columns whose cells seldom repeat: remembering them would cost more than it saves."""
_SEPARATOR = re.compile(r"[;|]")
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_MAX_CELL = 1 << 20


def read_csv(text: str, where: str, problems: Problems) -> list[Draft]:
    """The feeds of a CSV document; what is wrong goes to `problems`."""
    csv.field_size_limit(_MAX_CELL)
    first_line = text.partition("\n")[0]
    separator = next((mark for mark in ",;\t" if mark in first_line), ",")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    reader = _Reader(where, problems)
    try:
        if not reader.header(next(rows, [])):
            return []
        return list(reader.drafts(rows))
    except csv.Error as error:
        problems.add(Place(where, rows.line_num), "", f"is no CSV: {error}", "mend the quotes in this line")
        return []


class _Reader:
    """Reads the rows of one document."""

    def __init__(self, where: str, problems: Problems) -> None:
        self._where = where
        self._problems = problems
        self._columns: list[tuple[Key, dict[str, Any] | None]] = []

    def header(self, row: list[str]) -> bool:
        """Take the header row; False where no column is known, so that the rows are not worth reading."""
        place, found = Place(self._where, 1), len(self._problems)
        names = [cell.strip().lower() for cell in row]
        if not any(name in _KEY_OF for name in names):
            # Not named one by one: without a header row they are feeds, perhaps with secrets in their addresses.
            self._problems.add(place, "", "has no header row", "begin with a row of column names, `url` among them")
            return False
        seen: set[str] = set()
        for name in names:
            key = _KEY_OF.get(name)
            if key is None:
                unknown_key(place, name, COLUMNS, self._problems)
            elif key.name in seen:
                self._problems.add(place, name, "is a column that stands twice", "keep one of them")
            else:
                seen.add(key.name)
                self._columns.append((key, None if key.name in _UNIQUE else {}))
        if "url" not in seen:
            self._problems.add(place, "url", "is missing as a column", "name the column of the addresses `url`")
        return len(self._problems) == found

    def drafts(self, rows: Any) -> Iterator[Draft]:
        line = 2
        for row in rows:
            if any(row) and (draft := self._draft(row, Place(self._where, line))):
                yield draft
            line = rows.line_num + 1

    def _draft(self, row: list[str], place: Place) -> Draft | None:
        if len(row) > len(self._columns):
            what = f"has {len(row)} cells for {len(self._columns)} columns"
            self._problems.add(place, "", what, "put a cell that holds the separator in double quotes")
            return None
        fields: dict[str, Any] = {}
        stated = False
        for (key, known), cell in zip(self._columns, row, strict=False):
            if not cell or cell.isspace():
                continue
            stated = stated or key.name == "url"
            if known is not None and cell in known:
                fields[key.field or ""] = known[cell]
                continue
            self._parse(key, known, cell, place, fields)
        fields.pop("", None)
        if not stated:
            self._problems.add(place, "url", "is missing", "write the feed's address, or remove the row")
        return Draft(fields, place) if "url" in fields else None

    def _parse(self, key: Key, known: dict[str, Any] | None, cell: str, place: Place, fields: dict[str, Any]) -> None:
        try:
            value = key.parse(_plain(key.name, cell.strip()))
        except WrongValueError as error:
            name = key.name + "".join(f"[{step}]" for step in error.path)
            self._problems.add(place, name, error.what, error.remedy)
            return
        fields[key.field or ""] = value
        if known is not None:
            known[cell] = value


def _plain(name: str, cell: str) -> Any:
    """The cell as the plain value that YAML would have given."""
    if name in _LISTS:
        return _json(cell) if cell.startswith("[") else [part for part in _SEPARATOR.split(cell) if part.strip()]
    if name in _BOOLEANS:
        if (word := _WORDS.get(cell.lower())) is None:
            raise WrongValueError("is neither true nor false", "write true or false")
        return word
    if name == "headers":
        return _json(cell)
    if name == "credentials":
        scheme, _, reference = cell.partition(":")
        return {scheme: reference} if scheme in {"env", "file"} else cell
    return cell


def _json(cell: str) -> Any:
    try:
        return json.loads(cell, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise WrongValueError("is no JSON", 'write ["one", "two"] or {"Name": "value"}') from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(found := dict(pairs)) != len(pairs):
        raise WrongValueError("names something twice", "keep one of them")
    return found
