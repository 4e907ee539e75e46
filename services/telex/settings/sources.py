"""Where settings are stated: flags, variables, a file. Each becomes a layer that knows the place of every value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from telex.adapters.configuration.problems import Place, Problems, did_you_mean
from telex.adapters.configuration.tree import Node, place_of_offset, plain, read_tree
from telex.adapters.configuration.values import kind_of

DEFAULT_FILE = "telex.yaml"
PREFIX = "TELEX_"
MAX_FILE = 1 << 20
SHORT_FORMS = {
    "TELEX_CATALOGUE": "catalogue.paths",
    "TELEX_HTTP": "http.listen",
    "TELEX_KAFKA": "kafka.bootstrap",
    "TELEX_ALLOW_NETWORKS": "fetch.allow_networks",
    "TELEX_SHUTDOWN_DEADLINE": "service.shutdown_deadline",
    "TELEX_LOG_LEVEL": "service.log_level",
}
"""Variables beside TELEX_SECTION__NAME. In the file each has the same name in lower case, at the top level."""
_FILE_SHORT = {variable.removeprefix(PREFIX).lower(): name for variable, name in SHORT_FORMS.items()}
_NOT_OURS = re.compile(r"TELEX_(?:CONFIG|DATA|TEST_.*)")
_SERVICE_LINK = re.compile(
    r"TELEX_(?:.*_)?(?:SERVICE_HOST|SERVICE_PORT(?:_.*)?|PORT(?:_[0-9]+_(?:TCP|UDP|SCTP)(?:_.*)?)?)"
)
"""What Kubernetes puts into the environment of every pod beside a Service called telex or telex-something."""


@dataclass(slots=True)
class Layer:
    """Values by setting; for each its place and the key it was stated under."""

    values: dict[str, Any] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: Any, place: Place, key: str) -> None:
        """State a setting."""
        self.values[name], self.places[name], self.keys[name] = value, place, key

    def nested(self) -> dict[str, dict[str, Any]]:
        """The values by section."""
        nested: dict[str, dict[str, Any]] = {}
        for name, value in self.values.items():
            section, _, key = name.partition(".")
            nested.setdefault(section, {})[key] = value
        return nested


def variable_of(name: str) -> str:
    """The variable of a setting."""
    return PREFIX + name.replace(".", "__").upper()


def flags_layer(flags: Mapping[str, object]) -> Layer:
    """What the command line says."""
    layer = Layer()
    for name, value in flags.items():
        if value is not None:
            layer.put(name, value, Place("command line"), name)
    return layer


def environment_layer(environ: Mapping[str, str], known: tuple[str, ...], problems: Problems) -> Layer:
    """What the environment says; unknown variables of ours go to `problems`."""
    layer = Layer()
    names = {variable_of(name): name for name in known} | SHORT_FORMS
    for variable in sorted(key for key in environ if key.startswith(PREFIX)):
        value = environ[variable]
        name = names.get(variable)
        if _NOT_OURS.fullmatch(variable) or not value:
            continue
        if name is None:
            if not _linked(variable, value):
                remedy = did_you_mean(variable, tuple(sorted(names)))
                problems.add(Place("environment"), variable, "is an unknown variable", remedy)
        elif name in layer.values:
            what = f"says the same as {layer.keys[name]}"
            problems.add(Place("environment"), variable, what, "set one of them")
        else:
            layer.put(name, value, Place("environment"), variable)
    return layer


def _linked(variable: str, value: str) -> bool:
    match = _SERVICE_LINK.fullmatch(variable)
    return match is not None and (not variable.endswith("_PORT") or "://" in value or value.isdigit())


def file_layer(path: str | None, known: tuple[str, ...], problems: Problems) -> Layer:
    """What the settings file says; where none is named, `telex.yaml` if there is one."""
    if path is None and not Path(DEFAULT_FILE).exists():
        return Layer()
    where = path or DEFAULT_FILE
    text = _text(where, problems)
    root = read_tree(text, where, problems) if text is not None and text.strip() else None
    return _FileReader(where, known, problems).read(root) if root is not None and root.value is not None else Layer()


def _text(where: str, problems: Problems) -> str | None:
    try:
        with Path(where).open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        problems.add(Place(where), "", f"cannot be read: {error.strerror}", "check the path and its permissions")
        return None
    if len(data) > MAX_FILE:
        problems.add(Place(where), "", f"is larger than {MAX_FILE} bytes", "this is no settings file")
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        problems.add(place_of_offset(before, len(before), where), "", "is not UTF-8", "save it as UTF-8")
        return None


class _FileReader:
    """Reads the tree of a settings file."""

    def __init__(self, where: str, known: tuple[str, ...], problems: Problems) -> None:
        self._where = where
        self._known = known
        self._sections = tuple(dict.fromkeys(name.partition(".")[0] for name in known))
        self._problems = problems
        self._layer = Layer()

    def read(self, root: Node) -> Layer:
        if not isinstance(root.value, dict):
            what = f"is {kind_of(plain(root))}, not a mapping"
            self._problems.add(Place(self._where, root.line, root.column), "", what, "write `section:` and its keys")
            return self._layer
        for key, node in root.value.items():
            if isinstance(node.value, dict) and key in self._sections:
                self._section(key, node.value)
            elif node.value is None and key in self._sections:
                continue
            elif key in _FILE_SHORT:
                self._put(_FILE_SHORT[key], key, node)
            elif key in self._sections:
                what = f"is {kind_of(plain(node))}, not a mapping"
                self._problems.add(Place(self._where, node.line, node.column), key, what, "write its keys below it")
            else:
                self._unknown(key, node, (*self._sections, *_FILE_SHORT))
        return self._layer

    def _section(self, section: str, mapping: dict[str, Node]) -> None:
        keys = tuple(name.partition(".")[2] for name in self._known if name.startswith(f"{section}."))
        for key, node in mapping.items():
            if key in keys:
                self._put(f"{section}.{key}", f"{section}.{key}", node)
            else:
                self._unknown(f"{section}.{key}", node, keys)

    def _put(self, name: str, key: str, node: Node) -> None:
        if name in self._layer.values:
            what = f"says the same as {self._layer.keys[name]}"
            self._problems.add(Place(self._where, node.key_line, node.key_column), key, what, "keep one of them")
            return
        self._layer.put(name, plain(node), Place(self._where, node.line, node.column), key)

    def _unknown(self, key: str, node: Node, known: tuple[str, ...]) -> None:
        place = Place(self._where, node.key_line, node.key_column)
        self._problems.add(place, key, "is an unknown key", did_you_mean(key.rpartition(".")[2], known))
