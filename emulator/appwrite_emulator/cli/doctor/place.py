"""The folder, its project file, the state and the port: what `start` would work with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ... import network, project_file
from ...catalog import Catalog
from ...config import Config, ConfigError
from ...errors import Era
from ...manifest import ManifestInvalid
from ...project_file import ProjectFile, ProjectFileError
from ...state import StateCorrupt, StateError, StateLocked
from ...state.look import look
from ..neighbour import who_answers
from .parts import Line, Mark, Part


def examine_project(
    directory: Path, path: Path | None, catalog: Catalog, era: Era
) -> tuple[Part, ProjectFile | None]:
    """What the project file says, if it can be read; without one what is guessed. Blocking."""
    facts: dict[str, Any] = {
        "directory": str(directory.absolute()),
        "file": str(path) if path else None,
        "id": None,
        "functions": [],
    }
    try:
        project = project_file.load(directory, catalog, era)
    except ProjectFileError as exc:
        return Part("project", "Project", (Line(Mark.BAD, str(exc)),), facts), None
    except ManifestInvalid:  # told with the runtimes
        project = None
    if project is None:
        line = Line(Mark.NOTE, f"no project file in {directory.absolute()}: nothing to deploy")
        return Part("project", "Project", (line,), facts), None
    facts |= {"id": project.project_id, "functions": [each.id for each in project.functions]}
    if project.guesses:
        lines = tuple(Line(Mark.NOTE, text) for text in project.guesses)
        return Part("project", "Project", lines, facts), project
    count = len(project.functions)
    line = Line(Mark.GOOD, f"{path}: {count} function{'s' if count != 1 else ''}")
    return Part("project", "Project", (line,), facts), project


def examine_state(config: Config, directory: Path) -> Part:
    """Where the state lies and whether it can be used. `condition` is memory, new, sound, in use,
    damaged or unreadable. Blocking."""
    path = config.state_in(directory)
    facts: dict[str, Any] = {
        "file": None if config.memory else str(path.absolute()),
        "condition": "memory",
        "size": 0,
        "problem": None,
    }
    if config.memory:
        return _state(facts, Line(Mark.GOOD, "in memory: nothing is kept"))
    try:
        found = look(path)
    except StateError as exc:
        line = _refused(facts, path, exc)
        return _state(facts | {"problem": str(exc)}, line)
    if not _is_writable(path):
        problem = f"{path.absolute()} cannot be written by this user"
        more = "Give access, or pass another --state FILE."
        facts |= {"condition": "unreadable", "problem": problem}
        return _state(facts, Line(Mark.BAD, problem, more))
    if found is None:
        text = f"{path.absolute()}: none yet, the first start makes it"
        return _state(facts | {"condition": "new"}, Line(Mark.GOOD, text))
    text = f"{path.absolute()}: sound, {found.rows:,} rows, {found.size:,} bytes"
    torn = f"{found.torn} bytes of a write that was cut short will be set aside."
    facts |= {"condition": "sound", "size": found.size}
    return _state(facts, Line(Mark.GOOD, text, torn if found.torn else ""))


def _state(facts: Mapping[str, Any], line: Line) -> Part:
    return Part("state", "State", (line,), facts)


def _refused(facts: dict[str, Any], path: Path, exc: StateError) -> Line:
    """Another emulator at work is no defect; what is damaged is."""
    if isinstance(exc, StateLocked):
        facts["condition"] = "in use"
        return Line(Mark.NOTE, f"{path.absolute()}: in use", f"{exc}.")
    facts["condition"] = "damaged" if isinstance(exc, StateCorrupt) else "unreadable"
    return Line(Mark.BAD, str(exc))


def _is_writable(path: Path) -> bool:
    """Whether the state could be kept at `path`, some folders above which may be missing."""
    there = path.absolute()
    while not there.exists():
        there = there.parent
    return os.access(there, os.W_OK if there.is_file() else os.W_OK | os.X_OK)


def examine_port(config: Config) -> Part:
    """Whether the port is free. `condition` is any, free, emulator or taken. Blocking."""
    facts: dict[str, Any] = {
        "host": config.host,
        "port": config.port,
        "condition": "any" if config.port == 0 else "free",
        "emulator": None,
        "problem": None,
    }
    if config.port == 0:
        return Part("port", "Port", (Line(Mark.GOOD, "a free one is taken"),), facts)
    try:
        for each in network.bind(config.host, config.port):
            each.close()
    except ConfigError as exc:
        key = next((key.secret for key in config.keys if not key.scopes), "")
        found = who_answers(config.host, config.port, key)
        if found and found.is_emulator:
            facts |= {"condition": "emulator", "emulator": found.status}
            line = Line(Mark.NOTE, f"{config.host} port {config.port}: {found}")
        else:
            facts |= {"condition": "taken", "problem": str(exc)}
            line = Line(Mark.BAD, str(exc), f"On that port {found}." if found else "")
        return Part("port", "Port", (line,), facts)
    line = Line(Mark.GOOD, f"{config.host} port {config.port} is free")
    return Part("port", "Port", (line,), facts)
