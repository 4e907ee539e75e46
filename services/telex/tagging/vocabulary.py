"""The concepts that tags name: IPTC Media Topics with their names and what is broader."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data" / "topics"
"""What comes with telex: the vocabulary, and a folder for each language."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A Media Topic. `broader` leads from the next wider concept to the top level; `names` are by language."""

    code: str
    names: Mapping[str, str]
    broader: tuple[str, ...]

    @property
    def top(self) -> str:
        """The code of its top level; its own, where it is one."""
        return self.broader[-1] if self.broader else self.code

    def name(self, language: str | None) -> str:
        """The name in a language, in English where there is none."""
        return self.names.get(language or "en") or self.names["en"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The concepts that the lexicons may use, by code, and the edition that they are from ("2025-10")."""

    edition: str
    concepts: Mapping[str, Concept]


def load_vocabulary(path: Path = DATA / "concepts.json") -> Vocabulary:
    """The vocabulary that comes with telex.

    Raises:
        OSError, ValueError, KeyError: the file is not there, or not what it was shipped as.
    """
    document = json.loads(path.read_bytes())
    rows: dict[str, dict[str, object]] = {row["code"]: row for row in document["concepts"]}
    return Vocabulary(
        document["edition"],
        {code: Concept(code, row["names"], tuple(_chain(rows, code))) for code, row in rows.items()},  # type: ignore[arg-type]
    )


def _chain(rows: Mapping[str, Mapping[str, object]], code: str) -> list[str]:
    chain: list[str] = []
    while isinstance(wider := rows[chain[-1] if chain else code]["broader"], str):
        chain.append(wider)
    return chain
