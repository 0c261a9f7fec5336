"""Which runtime is chosen for a language by what this machine has."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog
from appwrite_emulator.errors import Era
from appwrite_emulator.likely import likely


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user can reach."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def _tool(path: Path, does: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)
    return str(path.parent)


def _choice(key: str, *search: str, era: Era = "1.9") -> tuple[str, str, bool]:
    catalog = Catalog([assets("runtimes")], search=search)
    family = next(family for family in catalog.families if family.key == key)
    choice = likely(catalog, family, era)
    assert choice is not None
    return choice.runtime.id, choice.version, choice.is_here


def test_the_newest_interpreter_that_appwrite_has_is_chosen(place: Path) -> None:
    for version in ("3.9", "3.12", "3.99"):
        folder = _tool(place / f"python{version}", "exit 1")
    assert _choice("python", folder) == ("python-3.12", "3.12", True)


def test_paths_of_version_managers_tell_the_version(place: Path) -> None:
    counted = place / "asked"
    folder = _tool(place / "versions" / "v22.3.1" / "bin" / "node", f"echo x >> {counted}")
    assert _choice("node", folder) == ("node-22", "22.3.1", True)
    assert not counted.exists()


def test_what_tells_no_version_by_its_path_is_asked_once(place: Path) -> None:
    counted = place / "asked"
    folder = _tool(place / "node", f"echo x >> {counted}; echo v18.19.0")
    assert [_choice("node", folder) for _ in range(3)] == [("node-18.0", "18.19.0", True)] * 3
    assert counted.read_text() == "x\n"
    counted.unlink()
    _tool(place / "node", "echo v24.0.0 # it was updated")
    os.utime(place / "node", (1, 1))
    assert _choice("node", folder) == ("node-24", "24.0.0", True)


def test_each_era_has_runtimes_of_its_own(place: Path) -> None:
    folder = _tool(place / "node-24", "exit 1")
    assert _choice("node", folder) == ("node-24", "24", True)
    runtime, version, is_here = _choice("node", folder, era="1.6")
    assert (version, is_here) == ("24", False)
    assert runtime == "node-22"


def test_without_an_interpreter_it_is_the_newest_of_all() -> None:
    assert _choice("php") == ("php-8.4", "", False)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs functions as another user")
def test_what_functions_cannot_reach_does_not_count(place: Path) -> None:
    folder = _tool(place / "home" / "php8.3", "exit 1")
    (place / "home").chmod(0o700)
    assert _choice("php", folder) == ("php-8.4", "", False)
