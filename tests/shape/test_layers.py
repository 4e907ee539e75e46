"""The house has arrows: what each room may import. An import against them is a plan that went wrong."""

import ast
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
MAY_IMPORT = {
    "core": {"core"},
    "documents": {"documents", "core"},
    "tagging": {"tagging", "core"},
    "wire": {"wire", "core"},
    "ports": {"core"},
    "ingest": {"ingest", "core", "documents", "tagging"},
    "turns": set(),
    "shard": {"shard", "core", "documents", "tagging", "ingest", "ports", "turns", "wire"},
    # `documents` for the worker processes that read hostile bytes, `tagging` for the taxonomies that files hold
    "adapters": {"adapters", "core", "documents", "tagging", "wire", "ports", "turns"},
    # the simulation runs the real shard, `hooked` the real command
    "testing": {"testing", "adapters", "cli", "core", "documents", "ingest", "ports", "shard", "wire"},
    "web": {"web", "core", "ports", "wire"},
    "settings": {"settings", "adapters", "core"},
    "errors": set(),
    "taggers": {"adapters", "core", "ports", "settings", "tagging"},
    "eventlogs": {"adapters", "ports", "settings", "wire"},
    "app": {"adapters", "core", "eventlogs", "ports", "settings", "shard", "taggers", "tagging", "web", "wire"},
    "commands": {
        "commands",
        "adapters",
        "app",
        "core",
        "eventlogs",
        "ingest",
        "ports",
        "settings",
        "shard",
        "taggers",
        "tagging",
        "web",
        "wire",
    },
    "cli": {"commands"},
    "__main__": {"cli"},
}
PURE = ("core", "documents", "tagging", "ingest", "wire")
IMPURE = {"asyncio", "threading", "socket", "random", "time", "logging", "subprocess", "structlog", "aiohttp", "apsw"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def room_of(path: Path) -> str:
    return path.relative_to(SERVICES / "telex").parts[0].removesuffix(".py")


def rooms_imported(path: Path) -> set[str]:
    """The rooms of telex that a module imports; `telex` itself (its version) is none."""
    rooms = set()
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "telex" and len(parts) > 1 and parts[1] != "__version__":
            rooms.add(parts[1])
    return rooms


MODULES = sorted(path for path in (SERVICES / "telex").rglob("*.py") if path.name != "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_a_module_imports_only_what_its_room_may(path: Path):
    wrong = rooms_imported(path) - MAY_IMPORT[room_of(path)] - {"errors"}
    assert not wrong


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SERVICES)))
def test_the_pure_rooms_know_no_time_no_chance_and_no_io(path: Path):
    if room_of(path) in PURE:
        assert not {name.split(".")[0] for name in imports(path)} & IMPURE


def test_newsroom_and_telex_never_import_each_other():
    for path in (SERVICES / "newsroom").rglob("*.py"):
        assert not {name for name in imports(path) if name.split(".")[0] == "telex"}
    for path in MODULES:
        assert not {name for name in imports(path) if name.split(".")[0] == "newsroom"}


def test_every_room_is_on_the_plan():
    assert {room_of(path) for path in MODULES} <= MAY_IMPORT.keys()
