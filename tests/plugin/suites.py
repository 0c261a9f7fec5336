"""Suites of tests in a folder of their own, run by the real pytest as their users run it."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE, Popen
from typing import NamedTuple
from urllib.parse import urlsplit

import appwrite_emulator

from .watched import LEFT

SOURCE_ROOT = Path(appwrite_emulator.__file__).parents[1]
WATCHED = Path(__file__).with_name("watched.py")
ENDPOINTS = "endpoints"
"""Where `announcing` writes the addresses of the emulators."""

ANNOUNCING = f"""\
import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def announcing(appwrite_server):
    with open(os.path.join(os.environ["SUITE"], {ENDPOINTS!r}), "a") as file:
        file.write(appwrite_server.endpoint + "\\n")
"""
PLAIN = "[pytest]\naddopts = -p no:randomly\n"


class Code(NamedTuple):
    """A function of one file."""

    runtime: str
    entrypoint: str
    source: str
    events: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ran:
    """A run of a suite, and what was left of it."""

    code: int
    output: str
    processes: list[str]  # command lines
    files: list[str]  # in the folder for temporary files
    ports: list[str]  # endpoints that still answer


@dataclass(frozen=True)
class Suite:
    """A folder with functions and tests, and a folder for its temporary files."""

    place: Path  # functions must reach it as another user

    @property
    def folder(self) -> Path:
        return self.place / "suite"

    @property
    def temporary(self) -> Path:
        return self.place / "tmp"

    def write(self, name: str, text: str) -> None:
        """Lay a file of the suite, such as `functions/greet/main.py`."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def write_functions(self, functions: Mapping[str, Code]) -> None:
        """Lay functions by their ids, and the file of the project `suite`."""
        for id, code in functions.items():
            self.write(f"functions/{id}/{code.entrypoint}", code.source)
        entries = [
            {
                "$id": id,
                "name": id,
                "runtime": code.runtime,
                "path": f"functions/{id}",
                "entrypoint": code.entrypoint,
                "execute": ["any"],
                "events": code.events,
            }
            for id, code in functions.items()
        ]
        project = {"projectId": "suite", "functions": entries}
        self.write("appwrite.config.json", json.dumps(project))

    def run(
        self, *arguments: str, timeout: float = 60, env: Mapping[str, str] | None = None
    ) -> Ran:
        """Run pytest in the folder, to its end. Linux only."""
        self.temporary.mkdir(mode=0o755, exist_ok=True)
        if not (self.folder / "pytest.ini").exists():
            self.write("pytest.ini", PLAIN)
        command = [sys.executable, str(WATCHED), sys.executable, "-m", "pytest", *arguments]
        with Popen(
            command,
            cwd=self.folder,
            env=environment(SUITE=str(self.place), TMPDIR=str(self.temporary), **(env or {})),
            stdout=PIPE,
            text=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=timeout)
            finally:
                process.kill()
        told, _, left = output.rpartition(LEFT)
        return Ran(process.returncode, told, json.loads(left), self._files(), self._ports())

    def _files(self) -> list[str]:
        """All but the folders that pytest itself keeps."""
        paths = [path.relative_to(self.temporary) for path in self.temporary.rglob("*")]
        return sorted(str(path) for path in paths if not path.parts[0].startswith("pytest-of-"))

    def _ports(self) -> list[str]:
        file = self.place / ENDPOINTS
        endpoints = file.read_text().split() if file.exists() else []
        return [each for each in endpoints if _answers(each)]


def environment(**extra: str) -> dict[str, str]:
    """Our own without options of pytest and the emulator, and with the package of this checkout."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("APPWRITE", "PYTEST", "COV"))
    }
    return {**own, "PYTHONPATH": str(SOURCE_ROOT), **extra}


def _answers(endpoint: str) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", urlsplit(endpoint).port)) == 0
