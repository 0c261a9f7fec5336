"""The folder of functions that is served, and the requests that execute them."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .load import Target, request
from .servers import Running

PROJECT = "bench"
LANGUAGES = ("node", "python")

RUNTIMES = {"node": ("node-22", "main.js"), "python": ("python-3.12", "main.py")}
_SOURCES = {
    "node": "module.exports = async ({ res }) => res.text('hello');\n",
    "python": "def main(context):\n    return context.res.text('hello')\n",
}
_BODY = b'{"body":"","async":false,"path":"/","method":"GET","headers":{}}'


@contextmanager
def project(copies: int = 1) -> Iterator[Path]:
    """A new folder with `copies` equal functions in each language, named `node-1` and so on."""
    folder = Path(tempfile.mkdtemp(prefix="appwrite-emulator-bench-"))
    folder.chmod(0o755)  # root's emulator keeps builds here when other users can pass
    try:
        functions = []
        for language in LANGUAGES:
            runtime, entrypoint = RUNTIMES[language]
            for id in (f"{language}-{n + 1}" for n in range(copies)):
                (folder / id).mkdir()
                (folder / id / entrypoint).write_text(_SOURCES[language])
                functions.append(
                    {
                        "$id": id,
                        "name": id,
                        "runtime": runtime,
                        "path": id,
                        "entrypoint": entrypoint,
                        "execute": ["any"],
                    }
                )
        config = {"projectId": PROJECT, "functions": functions}
        (folder / "appwrite.config.json").write_text(json.dumps(config))
        yield folder
    finally:
        remove(folder)


def remove(folder: Path) -> None:
    """Remove a folder, also where builds in it cannot be listed or changed."""
    for path, _, _ in os.walk(folder, onerror=None):
        for child in Path(path).iterdir():
            if child.is_dir() and not child.is_symlink():
                child.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def path(function: str) -> str:
    """Where executions of a function are asked for."""
    return f"/v1/functions/{function}/executions"


def execution(server: Running, function: str) -> Target:
    """A synchronous execution with a key, as an SDK asks for it."""
    sent = request(
        "POST",
        path(function),
        body=_BODY,
        content_type="application/json",
        x_appwrite_project=PROJECT,
        x_appwrite_key="local",
        x_appwrite_response_format="1.9.5",
        accept="application/json",
    )
    return Target(server, sent, b'"status":"completed"')


def hello(server: Running) -> Target:
    """The smallest request there is."""
    return Target(server, request("GET", "/"), b"hello")
