"""The official CLI, in a home and a project folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from appwrite_emulator import Emulator

OLD, NEW = "6.2.3", "12.0.1"
PROJECT = "clients"
PROJECT_FILES = {OLD: "appwrite.json", NEW: "appwrite.config.json"}
SOURCE = """\
module.exports = async ({ req, res, log }) => {
  log('said hello');
  const url = req.path + (req.queryString ? `?${req.queryString}` : '');
  const who = process.env.WHO ?? 'nobody';
  return res.text(`hello ${who}: ${req.method} ${url} ${req.bodyText} ${req.headers['x-a']}`);
};
"""
FUNCTION = {
    "$id": "hello",
    "name": "Hello",
    "runtime": "node-22",
    "path": "functions/hello",
    "entrypoint": "main.js",
    "commands": "true",
    "execute": ["any"],
    "events": [],
    "scopes": ["users.read"],
    "schedule": "",
    "timeout": 20,
    "enabled": True,
    "logging": True,
    "specification": "s-0.5vcpu-512mb",
}

_GUARD = Path(__file__).parent / "scripts" / "loopback.cjs"
_PATIENCE = 60  # seconds for one command


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it printed."""

    code: int
    text: str


class Cli:
    """One version; calls to other machines end the command, prompts find no input."""

    def __init__(self, modules: Path, version: str, folder: Path) -> None:
        self.version = version
        self.folder = folder / "project"
        self._prefs = folder / "home" / ".appwrite" / "prefs.json"
        self.project_file = PROJECT_FILES[version]
        self.code = self.folder / "functions" / "hello"
        self._script = modules / "appwrite-cli" / "index.js"
        self._home = folder / "home"

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

    def told(self, *words: str, inside: Path | None = None) -> str:
        """What a command says that must succeed."""
        said = self.run(*words, inside=inside)
        assert (said.code, "✗" in said.text) == (0, False), f"{words}: {said}"
        return said.text

    def prefs(self) -> dict[str, Any]:
        """What the CLI has kept in the home folder for the current endpoint."""
        prefs = json.loads(self._prefs.read_text(encoding="utf-8"))
        return dict(prefs.get(prefs["current"], {}))

    def write_project(self, source: str = SOURCE, **changes: Any) -> None:
        """A project file with the function `hello`, and the function's folder."""
        folder = self.code
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "main.js").write_text(source, encoding="utf-8")
        (folder / ".env").write_text("WHO=world\n", encoding="utf-8")
        file = {"projectId": PROJECT, "functions": [{**FUNCTION, **changes}]}
        (self.folder / self.project_file).write_text(json.dumps(file), encoding="utf-8")


def held(emulator: Emulator, path: str) -> Any:
    """What the emulator answers at a path below /v1; None when nothing is there."""
    headers = {"x-appwrite-project": PROJECT, "x-appwrite-key": emulator.key}
    try:
        with urlopen(Request(f"{emulator.endpoint}{path}", headers=headers)) as reply:
            return json.load(reply)
    except HTTPError as error:
        error.close()
        if error.code != 404:
            raise
        return None
