"""`telex taxonomy test FILE…`: do the examples in a taxonomy match as they have to?"""

import argparse
from collections.abc import Iterator

from telex.adapters.taxonomies.examples import Example
from telex.adapters.taxonomies.load import compiled, read_taxonomies
from telex.adapters.taxonomies.reader import TaxonomyFile
from telex.commands.common import Exit, Subparsers, counted, say, show
from telex.core.model import Evidence
from telex.tagging.taxonomies import Verdict

_SHOWN = 80
"""Characters of an example."""
_NAMED = 5
"""Concepts without examples."""


def add(parsers: Subparsers) -> None:
    """Declare the command."""
    parser = parsers.add_parser("taxonomy", help="try a taxonomy of one's own")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    testing = actions.add_parser(
        "test", help="try the examples that stand in taxonomies: all have to come out as they say"
    )
    testing.add_argument("file", nargs="+", metavar="FILE", help="YAML files or directories of them")
    testing.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Try every example; 0 where all come out as they have to, 1 where one does not.

    Raises:
        ConfigurationError: a file cannot be read, or is wrong.
    """
    files = read_taxonomies(arguments.file)
    taxonomies = compiled(files)
    passed = failed = 0
    for file in files:
        failures = 0
        for example in file.examples:
            verdict = taxonomies.explain(example.code, example.text)
            if verdict.tagged != example.wanted:
                failures += 1
                for line in _failure(example, verdict):
                    show(line)
        passed, failed = passed + len(file.examples) - failures, failed + failures
        show(_summary(file, failures))
        _note_untried(file)
    show(f"{passed} passed, {failed} failed")
    return Exit.PROBLEM if failed else Exit.DONE


def _failure(example: Example, verdict: Verdict) -> Iterator[str]:
    """An example that did not come out, what stands for its concept, and what speaks against it."""
    what = "has to match, and does not" if example.wanted else "must not match, and does"
    yield f"{example.place}: {example.code}: {what}: {_cut(example.text.written)}"
    if verdict.found:
        brought = f", by its narrower concept {verdict.through}" if verdict.through else ""
        confidence = f" (confidence {verdict.confidence:g}{brought})" if verdict.tagged else ""
        yield f"  found: {'; '.join(map(_place, verdict.found))}{confidence}"
    if not verdict.tagged:
        for objection in verdict.against:
            yield f"  {objection}"


def _place(evidence: Evidence) -> str:
    return f"{evidence.term!r} in the {evidence.field}, at {evidence.offset}"


def _cut(text: str) -> str:
    plain = " ".join(text.replace("\x1f", " ").split())
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


def _summary(file: TaxonomyFile, failures: int) -> str:
    concepts = counted(len(file.taxonomy.concepts), "concept")
    outcome = f"{failures} failed" if failures else "all passed"
    return f"{file.where}: {file.taxonomy.version}: {concepts}, {counted(len(file.examples), 'example')}: {outcome}"


def _note_untried(file: TaxonomyFile) -> None:
    """Name concepts that no example tries."""
    tried = {example.code.partition(":")[2] for example in file.examples}
    untried = [concept.code for concept in file.taxonomy.concepts if concept.code not in tried]
    if untried:
        more = ", …" if len(untried) > _NAMED else ""
        listed = ", ".join(untried[:_NAMED])
        say(f"note: {file.where}: {counted(len(untried), 'concept')} without examples: {listed}{more}")
