"""The real command as a process: start it, read its lines, call it, stop it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import appwrite_emulator

SOURCE_ROOT = Path(appwrite_emulator.__file__).parents[1]
EXAMPLES = Path(__file__).parents[2] / "examples"
COMMAND = (sys.executable, "-m", "appwrite_emulator")

NODE = 'export default async ({ res }) => res.text(process.env.WORD ?? "none");\n'
PYTHON = 'def main(context):\n    return context.res.text("hello from Python")\n'


def environment(**extra: str) -> dict[str, str]:
    """Our own without options of the emulator, and with the package of this checkout."""
    own = {name: value for name, value in os.environ.items() if "APPWRITE" not in name}
    return {**own, "PYTHONPATH": str(SOURCE_ROOT), "PYTHONUNBUFFERED": "1", **extra}


def copied(name: str, place: Path) -> Path:
    """An example as it is in the repository, whoever has run it there, as the folder `place`."""
    made = shutil.ignore_patterns(".appwrite-emulator", "__pycache__", ".pytest_cache")
    return shutil.copytree(EXAMPLES / name, place, ignore=made)


def run(
    *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=env or environment(),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@dataclass
class Running:
    """A started command that answers."""

    process: subprocess.Popen[str]
    lines: list[str]  # what it printed up to the ready line
    endpoint: str

    def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        project: str,
        key: str = "any",
    ) -> tuple[int, dict[str, Any]]:
        headers = {
            "Content-Type": "application/json",
            "X-Appwrite-Project": project,
            "X-Appwrite-Key": key,
        }
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.endpoint + path, data, headers)
        try:
            with urlopen(request) as response:
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)

    def execute(self, function: str, *, project: str, **body: Any) -> dict[str, Any]:
        path = f"/functions/{function}/executions"
        status, execution = self.call(path, body, project=project)
        assert status == 201, execution
        return execution

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(15)


@contextmanager
def launched(*arguments: str, own_session: bool = False) -> Iterator[subprocess.Popen[str]]:
    """The command with these arguments, its output in pipes; killed when the test is over."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=environment(),
        start_new_session=own_session,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def started(*arguments: str) -> Iterator[Running]:
    """`start` with these arguments on a free port, once its ready line is there."""
    with launched("start", "--port", "0", *arguments) as process:
        yield _ready(process)


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    """Read the output up to the line that has `text`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return
    raise AssertionError(f"{text!r} is not in {lines}")


def _ready(process: subprocess.Popen[str]) -> Running:
    assert process.stdout is not None
    assert process.stderr is not None
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if found := re.match(r"Ready at (http://\S+/v1) for project", line):
            return Running(process, lines, found[1])
    raise AssertionError(f"not ready: {lines} {process.stderr.read()}")


def project(folder: Path, *functions: Mapping[str, Any]) -> Path:
    """A project file in `folder` for functions whose sources are laid by `source`."""
    rows = [{"name": each["$id"], "path": str(each["$id"]), **each} for each in functions]
    text = json.dumps({"projectId": "shop", "functions": rows})
    (folder / "appwrite.config.json").write_text(text, "utf-8")
    return folder


def source(folder: Path, name: str, content: str) -> None:
    """Write a file of a function's source, such as `hello/main.mjs`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, "utf-8")


def descendants(pid: int) -> set[int]:
    """The processes below `pid`."""
    parents = dict(_parents())
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def _parents() -> Iterator[tuple[int, int]]:
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield int(folder.name), int(status.rpartition(")")[2].split()[1])


def lines_with(lines: Sequence[str], text: str) -> list[str]:
    return [line for line in lines if text in line]
