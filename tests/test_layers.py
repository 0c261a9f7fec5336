"""Imports point down the layers, and inside a layer they make no circle."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "emulator" / "appwrite_emulator"

WORDS = (
    "errors", "clock", "models", "people", "declared", "config", "addresses", "assets", "garbage",
    "jsontext", "near", "places", "printable",
)  # fmt: skip
MECHANISMS = (
    "archive", "catalog", "channels", "chunks", "cron", "events", "files", "filters", "likely",
    "manifest", "passing", "project_file", "query", "query_methods", "query_syntax",
    "repositories", "sandbox", "state", "templates", "timers", "tokens", "trees", "usage", "watch",
)  # fmt: skip
ENGINES = ("builder", "execution", "scheduler")
SERVICES = ("reload", "services")
DOORS = ("http",)
COMPOSITION = ("composition", "emulator", "network")
CLIENTS = ("__main__", "cli", "client", "pytest_plugin")
LAYERS = (WORDS, MECHANISMS, ENGINES, SERVICES, DOORS, COMPOSITION, CLIENTS)

# Rooms of a lower layer that a layer must go round.
CLOSED = {
    ENGINES: {"state", "events"},
    DOORS: {"state", "files", "sandbox", *ENGINES},
    CLIENTS: {*MECHANISMS, *ENGINES, *SERVICES, *DOORS},
}
# What clients may still know: the errors they show to people, and how uploads are packed.
OPEN = {
    "cli": {
        "archive", "state", "sandbox", "project_file", "catalog", "likely", "manifest", "services",
        "network",
        "repositories",
    },
    "client": {
        "services", "execution", "events",  # what they return and raise
        "project_file", "catalog",  # what lies in a directory
    },
    "pytest_plugin": {"catalog", "sandbox", "project_file"},  # what is there, and what is wrong
}  # fmt: skip


def rooms() -> list[str]:
    names = (path.stem if path.is_file() else path.name for path in PACKAGE.iterdir())
    return sorted(name for name in names if name not in ("__init__", "__pycache__", "data", "py"))


def layer_of(room: str) -> int:
    return next(number for number, layer in enumerate(LAYERS) if room in layer)


def files_of(room: str) -> list[Path]:
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [PACKAGE / f"{room}.py"]


def imports_of(path: Path) -> Iterator[tuple[str, ...]]:
    """Each module of the package that the file imports, as a path from the package's root."""
    here = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[: len(here) - node.level + 1]
            module = (*base, *(node.module.split(".") if node.module else ()))
            for alias in node.names:
                yield (*module, alias.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names]
            assert not any(name.startswith("appwrite_emulator") for name in names), (
                f"{path}: use relative imports inside the package"
            )


def imported_rooms(room: str) -> set[str]:
    found = {target[0] for path in files_of(room) for target in imports_of(path) if target}
    return (found & set(rooms())) - {room}


def test_every_room_has_a_layer() -> None:
    known = {room for layer in LAYERS for room in layer}
    assert set(rooms()) <= known


@pytest.mark.parametrize("room", rooms())
def test_imports_point_down(room: str) -> None:
    layer = layer_of(room)
    closed = CLOSED.get(LAYERS[layer], set()) - OPEN.get(room, set())
    for target in imported_rooms(room):
        assert layer_of(target) <= layer, f"{room} is below {target} and imports it"
        assert target not in closed or layer_of(target) == layer, f"{room} must not know {target}"


def test_words_import_each_other_in_their_order() -> None:
    for number, room in enumerate(WORDS):
        later = set(WORDS[number:]) - {room}
        assert not imported_rooms(room) & later, f"{room} imports a word after it"


def modules() -> dict[str, Path]:
    paths = sorted(PACKAGE.rglob("*.py"))
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def module_imports(name: str, known: dict[str, Path]) -> set[str]:
    found = set()
    for target in imports_of(known[name]):
        for end in (len(target), len(target) - 1):
            module = ".".join(target[:end])
            candidates = (module, f"{module}.__init__" if module else "__init__")
            if match := next((each for each in candidates if each in known), None):
                found.add(match)
                break
    return found - {name}


def test_modules_import_in_no_circle() -> None:
    known = {name: path for name, path in modules().items() if name != "__init__"}
    graph = {name: module_imports(name, known) for name in known}
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, f"circle: {' -> '.join((*trail, name))}"
        if name not in done:
            for target in graph.get(name, ()):
                visit(target, (*trail, name))
            done.add(name)

    for name in graph:
        visit(name, ())


def test_no_module_is_over_400_lines() -> None:
    for name, path in modules().items():
        count = len(path.read_text(encoding="utf-8").splitlines())
        assert count <= 400, f"{name} has {count} lines: look for the second noun"
