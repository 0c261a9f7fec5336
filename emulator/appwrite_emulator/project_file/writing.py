"""Writing project files, and adding functions to those of somebody else."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from .entry import Entry, ProjectFile, ProjectFileError
from .reading import NAMES

_UNIT = "    "  # as Appwrite's CLI writes
_SPACE = re.compile(r"[ \t\r\n]*")


def row_of(entry: Entry, base: Path) -> dict[str, Any]:
    """The entry as a project file in the folder `base` has it."""
    return {
        "$id": entry.id,
        "name": entry.name,
        "runtime": entry.runtime,
        "path": Path(os.path.relpath(entry.folder, base)).as_posix(),
        "entrypoint": entry.entrypoint or "",
        "commands": entry.commands or "",
        "execute": [*(entry.execute or ())],
        "events": [],
        "scopes": [],
        "schedule": "",
        "timeout": 15,
        "enabled": True,
        "logging": True,
    }


def create(directory: Path, project_id: str, entries: Iterable[Entry]) -> Path:
    """Write a new project file; returns its path. Blocking. Raises ProjectFileError."""
    path = directory / NAMES[0]
    rows = [row_of(entry, directory) for entry in entries]
    _write(path, _json({"projectId": project_id, "functions": rows}, _UNIT) + "\n", is_new=True)
    return path


def add(project: ProjectFile, entry: Entry) -> Path:
    """Add the entry to the file that lists the project's functions; returns the file's path.

    All else in the file stays as it is written. Blocking. Raises ProjectFileError.
    """
    path = project.files[-1]
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as exc:
        raise ProjectFileError(f"{path}: it cannot be read: {exc.strerror}.") from exc
    _write(path, with_function(text, row_of(entry, path.parent)))
    return path


def with_function(text: str, row: dict[str, Any]) -> str:
    """The text of a project file, or of a file of functions that one includes, with one more."""
    value = json.loads(text)
    unit = found[1] if (found := re.search(r"^([ \t]+)\S", text, re.MULTILINE)) else _UNIT
    style = _Style(unit, "\r\n" if "\r\n" in text else "\n")
    whole = _Span(_skip(text, 0), len(text.rstrip()))
    if isinstance(value, list):
        changed, wanted = _append(text, whole, 0, row, style), [*value, row]
    else:
        wanted = value | {"functions": [*value.get("functions", ()), row]}
        if place := _member(text, whole.start, "functions"):
            changed = _append(text, place, 1, row, style)
        else:
            changed = _append(text, whole, 0, [row], style, key="functions")
    assert json.loads(changed) == wanted, "nothing but the function was added"
    return changed


class _Span(NamedTuple):
    start: int
    end: int


class _Style(NamedTuple):
    unit: str  # of the indentation
    newline: str


def _append(text: str, place: _Span, depth: int, item: Any, style: _Style, *, key: str = "") -> str:
    """`text` with `item` as the last one of the list or object at `place`."""
    body = text[place.start + 1 : place.end - 1]
    kept = body.rstrip()
    label = f'"{key}": ' if key else ""
    if kept and "\n" not in body:  # all on one line
        added = f"{kept}, {label}{json.dumps(item, ensure_ascii=False)}"
    else:
        lead = style.newline + style.unit * (depth + 1)
        lines = label + _json(item, style.unit).replace("\n", lead)
        rest = body[len(kept) :] if kept else style.newline + style.unit * depth
        added = f"{kept}{',' if kept else ''}{lead}{lines}{rest}"
    return text[: place.start + 1] + added + text[place.end - 1 :]


def _member(text: str, start: int, wanted: str) -> _Span | None:
    """Where the value of a key of the object at `start` is; the last one counts, as in JSON."""
    decoder, found = json.JSONDecoder(), None
    at = _skip(text, start + 1)
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        begin = _skip(text, _skip(text, at) + 1)
        _, at = decoder.raw_decode(text, begin)
        found = _Span(begin, at) if key == wanted else found
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
    return found


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    assert match is not None, "it fits no character too"
    return match.end()


def _json(value: Any, unit: str) -> str:
    return json.dumps(value, indent=unit, ensure_ascii=False)


def _write(path: Path, text: str, *, is_new: bool = False) -> None:
    """Write all of the file or nothing. Raises ProjectFileError."""
    try:
        if is_new:
            with path.open("xb") as file:
                file.write(text.encode())
            return
        path = path.resolve()
        number, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(number, "wb") as file:
                file.write(text.encode())
            os.chmod(name, path.stat().st_mode & 0o7777)
            os.replace(name, path)
        except OSError:
            with suppress(OSError):
                os.unlink(name)
            raise
    except FileExistsError as exc:
        raise ProjectFileError(f"{path} is there already: nothing was written.") from exc
    except OSError as exc:
        raise ProjectFileError(f"{path}: it cannot be written: {exc.strerror}.") from exc
