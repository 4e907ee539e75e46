"""What the learnt weights are made from, as a hash: whoever changes it has to run `make train`."""

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
SHIPPED = HERE.parents[1] / "services" / "telex" / "tagging" / "data" / "topics"
LANGUAGES = {"fr": "masakhanews-fra-dev.jsonl.gz", "en": "masakhanews-eng-dev.jsonl.gz"}


def recipe() -> str:
    """The training program, and the lexicons of the languages that something is learnt for."""
    digest = hashlib.sha256()
    files = [SHIPPED / language / name for language in LANGUAGES for name in ("terms.yaml", "language.yaml")]
    for path in [HERE / "train.py", *sorted(files)]:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
