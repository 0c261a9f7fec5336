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
SOURCES = {
    "node": """\
module.exports = async ({ req, res, log }) => {
  if (req.path === '/echo') return res.text(req.bodyText);
  if (req.path === '/logs') for (let line = 0; line < 1000; line += 1) log('l'.repeat(1000));
  return res.text('hello');
};
""",
    "python": """\
def main(context):
    if context.req.path == '/echo':
        return context.res.text(context.req.body_text)
    if context.req.path == '/logs':
        for _ in range(1000):
            context.log('l' * 1000)
    return context.res.text('hello')
""",
}
HEADERS = {
    "x_appwrite_project": PROJECT,
    "x_appwrite_key": "local",
    "x_appwrite_response_format": "1.9.5",
    "accept": "application/json",
}
"""What an SDK with a key sends; `_` stands for `-`."""


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
                (folder / id / entrypoint).write_text(SOURCES[language])
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


def execution(
    server: Running, function: str, at: str = "/", *, body: str = "", later: bool = False
) -> Target:
    """An execution with a key, as an SDK asks for it; `at` `/echo` and `/logs` it does more."""
    call = {"body": body, "async": later, "path": at, "method": "GET", "headers": {}}
    if body:
        call["method"] = "POST"
    data = json.dumps(call, separators=(",", ":")).encode()
    sent = request("POST", path(function), body=data, content_type="application/json", **HEADERS)
    status = "waiting" if later else "completed"
    return Target(server, sent, b'"status":"%b"' % status.encode())


def hello(server: Running) -> Target:
    """The smallest request there is."""
    return Target(server, request("GET", "/"), b"hello")
