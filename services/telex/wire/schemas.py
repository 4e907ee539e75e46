"""The schemas that come with telex: found, listed, given out as they are served."""

import re
from functools import cache
from pathlib import Path

from telex.wire.topics import Naming

_PACKAGED = Path(__file__).parent.parent / "_schemas"
_IN_SOURCE_TREE = Path(__file__).parents[3] / "schemas"
_REFERENCE = re.compile(rb'"\./([^"\n]+)"')
_NAME = re.compile(rb"^( +(?:address|topic): )(news\.[a-z.{}]+)$", re.MULTILINE)
CURRENT = "news.articles.current"
"""What the topic of latest versions is usually called."""


@cache
def directory() -> Path:
    """Where the schemas are: inside the installed package, else at the root of the source tree.

    Raises:
        FileNotFoundError: in neither; the installation is incomplete.
    """
    for candidate in (_PACKAGED, _IN_SOURCE_TREE):
        if (candidate / "article" / "1.json").is_file():
            return candidate
    raise FileNotFoundError(f"no schemas in {_PACKAGED}; install telex again")


@cache
def schema_names() -> tuple[str, ...]:
    """The names of all JSON Schemas, sorted: their paths below `/schemas/` without `.json`, e.g. "article/1"."""
    return tuple(name for name in _names() if not name.startswith(("examples/", "released/")))


@cache
def example_names() -> tuple[str, ...]:
    """The names of all example events, sorted, e.g. "examples/telex.feed.gap"."""
    return tuple(name for name in _names() if name.startswith("examples/telex."))


@cache
def _names() -> tuple[str, ...]:
    root = directory()
    return tuple(sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.json")))


@cache
def load(name: str) -> bytes:
    """The bytes of the JSON Schema or example called `name`: what is served at `/schemas/<name>.json`.

    Raises:
        KeyError: there is none of that name; a path that leads elsewhere is no name.
    """
    if name not in schema_names() and name not in example_names():
        raise KeyError(name)
    return (directory() / f"{name}.json").read_bytes()


def asyncapi(naming: Naming) -> bytes:
    """The AsyncAPI document in YAML as an instance serves it: topics by their names there, references absolute.

    In the source tree its references are relative to `schemas/`, but it is served one level above.
    """
    document = (directory() / "asyncapi.yaml").read_bytes()
    base = f"{naming.public_url.rstrip('/')}/schemas/"
    document = _REFERENCE.sub(lambda match: b'"' + base.encode() + match[1] + b'"', document)
    default = Naming()
    ours = dict(zip(default.topics(), naming.topics(), strict=True))
    if naming.current is not None:
        ours[CURRENT] = naming.current
    ours[f"{default.fan_out_prefix}{{slug}}"] = f"{naming.fan_out_prefix}{{slug}}"
    document = _NAME.sub(lambda match: match[1] + ours.get(match[2].decode(), match[2].decode()).encode(), document)
    slugs = ", ".join(rule.slug for rule in naming.fan_out)
    return document.replace(b"enum: []  # the slugs", f"enum: [{slugs}]".encode())
