"""Writes `tagging/data/topics/concepts.json`: the Media Topics that the lexicons use, from IPTC's own files.

Codes are those that both editions have; structure and English names are the newer edition's, French and Portuguese names
the older's, which is the last with them at hand. Run by `make train`.
"""

import gzip
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "services" / "telex" / "tagging" / "data" / "topics"
IPTC = Path(os.environ.get("TELEX_DATA") or ROOT.parent / "shared" / "data") / "iptc"
NAMED = {
    "medtop:20001361": {"fr": "Cyberguerre"},
    "medtop:20001365": {"fr": "Résultats des entreprises"},
    "medtop:20001366": {"fr": "Restructuration d'entreprises"},
    "medtop:20001370": {"fr": "Services financiers"},
    "medtop:20001373": {"fr": "Diversité, équité et inclusion"},
    "medtop:20001374": {"fr": "Développement durable"},
    "medtop:20001377": {"fr": "Victimes de guerre"},
    "medtop:20001384": {"fr": "Partis politiques", "pt": "partido político"},
}
"""Names of our own, where the older edition has none in that language."""
OLDER, NEWER = "mediatopics-2023-10-24.en-fr.json", "cptall-en-GB-2025-10-09.json.gz"


def used() -> set[str]:
    """Codes that a file of terms or of sections names."""
    files = [*SHIPPED.glob("*/terms.yaml"), *SHIPPED.glob("*/sections.yaml")]
    return {code for file in files for code in re.findall(r"^(\d{8}):", file.read_text(encoding="utf-8"), re.MULTILINE)}


def concepts() -> dict[str, object]:
    """What is shipped."""
    older = {row["qcode"]: row for row in json.loads((IPTC / OLDER).read_bytes())["concepts"]}
    with gzip.open(IPTC / NEWER) as file:
        document = json.load(file)
    newer = {row["qcode"]: row for row in document["conceptSet"] if not row.get("retired")}

    def broader(code: str) -> str | None:
        wider = newer[code].get("broader")
        return f"medtop:{wider[0][-8:]}" if wider else None

    wanted: set[str] = set()
    for code in {f"medtop:{bare}" for bare in used()} | {code for code in newer if broader(code) is None}:
        if code not in newer or (code not in older and code not in NAMED):
            raise SystemExit(f"{code} is not in both editions")
        at: str | None = code
        while at is not None:
            wanted.add(at)
            at = broader(at)

    def row(code: str) -> dict[str, object]:
        names = {"en": newer[code]["prefLabel"]["en-GB"]}
        for language in ("fr", "pt"):
            if name := (older.get(code, {}).get("label", {}) | NAMED.get(code, {})).get(language):
                names[language] = name
        return {"code": code, "broader": broader(code), "names": names}

    return {
        "source": "IPTC Media Topic NewsCodes, © IPTC, CC BY 4.0, http://cv.iptc.org/newscodes/mediatopic/",
        "changes": "a selection; structure and English names of 2025-10-09, French and Portuguese names of 2023-10-24",
        "edition": "2025-10",
        "concepts": [row(code) for code in sorted(wanted)],
    }


def main() -> None:
    """Write the file."""
    document = concepts()
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in document.pop("concepts"))  # type: ignore[attr-defined]
    head = json.dumps(document, ensure_ascii=False)[:-1]
    (SHIPPED / "concepts.json").write_text(f'{head}, "concepts": [\n{rows}\n]}}\n', encoding="utf-8")


if __name__ == "__main__":
    main()
