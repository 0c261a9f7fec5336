"""Finding project files, reading and checking them."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .entry import Entry, ProjectFile, ProjectFileError
from .kinds import ID, KEYS, Kind

NAMES = ("appwrite.config.json", "appwrite.json")  # the first one wins


def find(directory: Path, *, upward: bool = False) -> Path | None:
    """The project file in `directory`, or with `upward` in the nearest folder above that has one.

    Raises ProjectFileError when a folder cannot be read.
    """
    folders = (directory, *directory.absolute().parents) if upward else (directory,)
    for path in (folder / name for folder in folders for name in NAMES):
        try:
            if path.is_file():
                return path
        except OSError as exc:
            raise ProjectFileError(f"{path}: {exc.strerror}. Give access to its folder.") from exc
    return None


def read(path: Path) -> ProjectFile:
    """The project file at `path`, with the files it includes, checked.

    Keys that say nothing about functions are ignored: files in the wild carry what the server
    answered. Raises ProjectFileError. Source: project files of Appwrite's CLI 6 to 26.
    """
    content = _load(path)
    if not isinstance(content, dict):
        raise ProjectFileError(f"{path}: it must hold a JSON object, not {_shown(content)}.")
    project_id = content.get("projectId")
    if not isinstance(project_id, str) or not ID.accepts(project_id) or project_id == "console":
        raise ProjectFileError(
            f"{path}: projectId is {_shown(project_id)}, it must be {ID.wanted}. Any will do for "
            'the emulator, such as "demo".'
        )
    source, rows = _functions(path, content)
    try:
        entries = tuple(_entry(source, row, number) for number, row in enumerate(rows, 1))
        _refuse_twins(source, entries)
    except ProjectFileError as exc:
        exc.places += (source,)
        raise
    files = (path,) if source == path else (path, source)
    return ProjectFile(path, project_id, entries, files)


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as exc:
        raise ProjectFileError(f"{path}: it cannot be read: {exc.strerror}.", path) from exc
    except json.JSONDecodeError as exc:
        raise ProjectFileError(
            f"{path}:{exc.lineno}:{exc.colno}: not valid JSON: {exc.msg}.", path
        ) from exc
    except (UnicodeDecodeError, RecursionError) as exc:
        raise ProjectFileError(f"{path}: not valid JSON: {exc}.", path) from exc


def _functions(path: Path, content: Mapping[str, Any]) -> tuple[Path, list[Any]]:
    """The file that holds the functions, and its rows; paths in it are relative to it."""
    includes = content.get("includes", {})
    if not isinstance(includes, dict):
        raise ProjectFileError(f"{path}: includes is {_shown(includes)}, it must be an object.")
    rows = content.get("functions", [])
    if "functions" in includes:
        if "functions" in content:
            raise ProjectFileError(
                f"{path}: functions are listed and included. Keep `functions` or "
                "`includes.functions`."
            )
        path = _included(path, includes["functions"])
        rows = _load(path)
    if not isinstance(rows, list):
        raise ProjectFileError(f"{path}: functions is {_shown(rows)}, it must be a list.", path)
    return path, rows


def _included(path: Path, name: Any) -> Path:
    parts = re.split(r"[/\\]", name) if isinstance(name, str) else [".."]
    if not parts[0] or ".." in parts or "#" in name or "\0" in name:
        raise ProjectFileError(
            f"{path}: includes.functions is {_shown(name)}, it must be the path of a JSON file "
            "below this folder, without '..' and '#'."
        )
    return path.parent / str(name)


def _entry(path: Path, row: Any, number: int) -> Entry:
    if not isinstance(row, dict):
        raise ProjectFileError(
            f"{path}: function number {number} is {_shown(row)}, it must be an object."
        )
    id = row.get("$id")
    where = f"{path}: function {_shown(id)}" if id else f"{path}: function number {number}"
    for key in ("$id", "name", "runtime"):
        if key not in row:
            raise ProjectFileError(f"{where}: {key} is missing. Add it to the entry.")
    values = {
        attribute: _value(where, key, row[key], kind)
        for key, (attribute, kind) in KEYS.items()
        if row.get(key) is not None or key in ("$id", "name", "runtime")
    }
    if size := values.pop("specification", None):
        values = {"build_specification": size, "runtime_specification": size} | values
    place = values.pop("path", None) or f"functions/{values['name']}"
    return Entry(folder=_folder(where, path.parent, place), **values)


def _folder(where: str, base: Path, place: str) -> Path:
    folder = base / place
    if not os.path.isdir(folder):  # Path.is_dir would raise for what cannot be read
        raise ProjectFileError(
            f"{where}: path is {_shown(place)}, there is no such folder in {base.absolute()}. "
            "Create it, or correct the path: it is relative to this file.",
            folder,
        )
    return folder


def _value(where: str, key: str, value: Any, kind: Kind) -> Any:
    if not kind.accepts(value):
        raise ProjectFileError(f"{where}: {key} is {_shown(value)}, it must be {kind.wanted}.")
    return kind.convert(value)


def _refuse_twins(path: Path, entries: Sequence[Entry]) -> None:
    counts = Counter(entry.id for entry in entries)
    for id, count in counts.items():
        if count > 1:
            raise ProjectFileError(
                f"{path}: function '{id}' is listed {count} times. Keep one of the entries."
            )


def _shown(value: Any) -> str:
    text = "missing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
