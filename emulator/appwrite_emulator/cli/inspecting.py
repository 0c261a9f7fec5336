"""What `inspect` does, and what it prints."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .. import project_file
from ..client.workspace import locate
from .launch_file import LaunchFileUnclear, merged
from .report import inspection_line, show
from .running import Running

_EDITORS, _FILE = ".vscode", "launch.json"
_NONE = (
    "No function is inspected. Start the emulator with --inspect FUNCTION to run one under the "
    "debugger of its language."
)


def show_inspections(running: Running, *, as_json: bool) -> None:
    """Print where debuggers attach. Raises ConfigError."""
    reply = running.ask("GET", "/inspections")
    show(reply, _lines(reply["inspections"]), as_json=as_json)


def _lines(inspections: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not inspections:
        yield _NONE
    for each in inspections:
        yield inspection_line(each["functionId"], each["address"] or "", each["problem"] or "")


def print_launch(running: Running, directory: Path | None) -> None:
    """Print a launch file that has the entries and nothing else. Raises ConfigError."""
    folder, path = locate(directory)
    entries = _entries(running, path, _workspace(folder))
    click.echo(_text({"version": "0.2.0", "configurations": entries}))


def write_launch(running: Running, directory: Path | None) -> int:
    """Bring the entries into the launch file of the workspace; the exit code.

    A file that cannot be read is left alone, and the entries are printed. Raises ConfigError.
    """
    folder, path = locate(directory)
    workspace = _workspace(folder)
    entries = _entries(running, path, workspace)
    if not entries:
        click.echo(_NONE, err=True)
        return 1
    file = workspace / _EDITORS / _FILE
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        after = merged(before, entries)
    except (LaunchFileUnclear, UnicodeDecodeError) as exc:
        click.echo(f"appwrite-emulator: {file} is left as it is: {exc}. Add by hand:", err=True)
        click.echo(_text(entries))
        return 1
    names = ", ".join(entry["name"] for entry in entries)
    if after == before:
        click.echo(f"{file} has {names} already")
        return 0
    file.parent.mkdir(exist_ok=True)
    part = file.with_name(f"{_FILE}.part")
    part.write_text(after, encoding="utf-8")
    os.replace(part, file.resolve())  # what it may be a link to
    click.echo(f"{file}: {names}")
    return 0


def _entries(running: Running, path: Path | None, workspace: Path) -> list[dict[str, Any]]:
    """The launch entry of each inspected function, with the folder its source is in."""
    reply = running.ask("GET", "/inspections")
    project = project_file.read(path) if path else None
    folders = {entry.id: entry.folder for entry in project.functions} if project else {}
    return [
        _placed(each["launch"], _local(_source(each, folders) or workspace, workspace))
        for each in reply["inspections"]
        if each["launch"]
    ]


def _source(inspection: Mapping[str, Any], folders: Mapping[str, Path]) -> Path | None:
    """The folder of a function's source: what the emulator follows, else what the file says."""
    followed = inspection["folder"]
    return Path(followed) if followed else folders.get(inspection["functionId"])


def _local(folder: Path, workspace: Path) -> str:
    """A folder as the editor names it."""
    folder = folder.resolve()
    if not folder.is_relative_to(workspace):
        return str(folder)
    parts = folder.relative_to(workspace).parts
    return "/".join(["${workspaceFolder}", *parts])


def _placed(value: Any, local: str) -> Any:
    if isinstance(value, dict):
        return {key: _placed(each, local) for key, each in value.items()}
    if isinstance(value, list):
        return [_placed(each, local) for each in value]
    return local if value == "{local}" else value


def _workspace(folder: Path) -> Path:
    """The folder that an editor has open: the nearest one upward with its settings, or with git."""
    folder = folder.resolve()
    for mark in (_EDITORS, ".git"):
        for each in (folder, *folder.parents):
            if (each / mark).exists() and each != Path.home():
                return each
    return folder


def _text(value: Any) -> str:
    return json.dumps(value, indent=4, ensure_ascii=False)
