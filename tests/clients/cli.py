"""The official CLI, in a home and a project folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_GUARD = Path(__file__).parent / "scripts" / "loopback.cjs"
_PATIENCE = 60  # seconds for one command


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    text: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.text
        return json.loads(self.text)


class Cli:
    """One version; calls to other machines end the command, prompts find no input."""

    def __init__(self, modules: Path, version: str, folder: Path) -> None:
        self.version = version
        self.folder = folder / "project"
        self.prefs = folder / "home" / ".appwrite" / "prefs.json"
        self._script = modules / "appwrite-cli" / "index.js"
        self._home = folder / "home"
        self.folder.mkdir(parents=True)
        self._home.mkdir()

    def run(self, *words: str, inside: Path | None = None) -> Said:
        """What `appwrite WORDS` says in the project folder, or `inside` another one."""
        done = subprocess.run(
            ["node", "--require", str(_GUARD), str(self._script), *words],
            cwd=inside or self.folder,
            env={"PATH": os.environ["PATH"], "HOME": str(self._home), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return Said(done.returncode, done.stdout + done.stderr)

    def functions(self, command: str, **options: str) -> Said:
        """`appwrite functions COMMAND` with JSON as answer."""
        named = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        return self.run("functions", command, *named, "--json")
