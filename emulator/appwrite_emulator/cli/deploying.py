"""What `deploy` does, and what it prints."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import click

from ..client.workspace import Workspace, prepare
from ..config import ConfigError
from ..project_file import NAMES, Entry, ProjectFileError
from .nearby import unknown
from .pushing import push
from .report import said
from .running import Refused, Running

_UNDER_WAY = ("waiting", "processing", "building")
_NOTE = click.style("!", fg="yellow")
_TAIL = 12  # lines of a failed build's log


class Order(NamedTuple):
    """Which functions are to be deployed, and into which project."""

    project: str
    entries: Sequence[Entry]

    @classmethod
    def read(
        cls, running: Running, directory: Path | None, targets: Sequence[str], project: str
    ) -> Order:
        """The functions that `targets` name in the project of `directory`, or all of it, or those
        of the one folder that is named. Raises ConfigError, ProjectFileError."""
        workspace = prepare(directory, {})
        entries = _chosen(workspace, targets)
        if entries is None:
            workspace = prepare(Path(targets[0]), {})
            entries = workspace.entries
        if not entries:
            raise ConfigError(
                f"{workspace.directory} has no functions: name a folder that has {NAMES[0]}, or "
                "the folder of one of its functions"
            )
        is_told = workspace.project is not None and workspace.project.files
        return cls(project or (workspace.config.project if is_told else running.project()), entries)


def _chosen(workspace: Workspace, targets: Sequence[str]) -> Sequence[Entry] | None:
    """The functions of the project that are named; None when a folder elsewhere is."""
    if not targets:
        return workspace.entries
    known = {entry.id: entry for entry in workspace.entries}
    if len(targets) == 1 and targets[0] not in known and Path(targets[0]).is_dir():
        place = Path(targets[0]).resolve()
        inside = [entry for entry in workspace.entries if entry.folder.resolve() == place]
        return inside or None
    for target in targets:
        if target not in known:
            path = workspace.project.path if workspace.project else workspace.directory
            raise ConfigError(unknown("function", target, known, str(path)))
    return [known[target] for target in dict.fromkeys(targets)]


@dataclass(slots=True)
class Parcel:
    """One function on its way."""

    entry: Entry
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    is_new: bool = False
    deployment: str = ""  # its id
    status: str = "failed"
    reason: str = ""  # why it failed
    left_out: Sequence[str] = ()  # of its folder

    @property
    def is_under_way(self) -> bool:
        return self.status in _UNDER_WAY

    def to_json(self) -> dict[str, Any]:
        return {
            "functionId": self.entry.id,
            "created": self.is_new,
            "deploymentId": self.deployment,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "error": self.reason,
            "leftOut": list(self.left_out),
        }


def carry_out(running: Running, order: Order, *, is_awaited: bool, is_quiet: bool) -> list[Parcel]:
    """Deploy the functions, all builds at once; unless `is_quiet` their logs are printed.

    A function that cannot be deployed does not hinder the others. Raises ConfigError.
    """
    parcels = [Parcel(entry) for entry in order.entries]
    with ExitStack() as stack:
        entries: Iterator[Mapping[str, Any]] = iter(())
        if is_awaited:  # listen before the first build can speak
            ear = running.listening(project=order.project, activity="true")
            entries = stack.enter_context(ear)
        for parcel in parcels:
            _send(running, order.project, parcel)
        if is_awaited:
            _wait(running, order.project, parcels, entries, is_quiet=is_quiet)
    return parcels


def _send(running: Running, project: str, parcel: Parcel) -> None:
    parcel.began = time.monotonic()
    try:
        parcel.is_new, row, parcel.left_out = push(running, project, parcel.entry)
        parcel.deployment, parcel.status = row["$id"], row["status"]
    except (Refused, ProjectFileError) as exc:
        parcel.reason = str(exc)
    except OSError as exc:
        parcel.reason = f"{exc.filename or parcel.entry.folder}: {exc.strerror}"
    parcel.seconds = time.monotonic() - parcel.began


def _wait(
    running: Running,
    project: str,
    parcels: Sequence[Parcel],
    entries: Iterator[Mapping[str, Any]],
    *,
    is_quiet: bool,
) -> None:
    """Until the builds have ended, printing what they say."""
    mine = {parcel.deployment: parcel for parcel in parcels if parcel.deployment}
    width = max(len(parcel.entry.id) for parcel in parcels)
    while any(parcel.is_under_way for parcel in parcels):
        entry = next(entries)
        parcel = mine.get(entry.get("deploymentId", ""))
        if parcel and entry.get("level") == "build" and not is_quiet:
            name = f"{parcel.entry.id:<{width}}  " if len(parcels) > 1 else ""
            for line in said(entry["text"]):
                click.echo(f"    {name}{line}")
        elif (parcel and entry.get("level") == "ended") or "level" not in entry:
            for each in parcels if parcel is None else [parcel]:
                _look(running, project, each)


def _look(running: Running, project: str, parcel: Parcel) -> None:
    """Learn how the build stands."""
    if not parcel.is_under_way:
        return
    path = f"/functions/{parcel.entry.id}/deployments/{parcel.deployment}"
    try:
        row = running.api("GET", path, project=project)
    except Refused as exc:
        parcel.status, parcel.reason = "failed", str(exc)  # somebody has deleted it
    else:
        parcel.status = row["status"]
        if parcel.status not in (*_UNDER_WAY, "ready"):
            lines = [line for line in row["buildLogs"].splitlines() if line.strip()]
            parcel.reason = "\n".join(lines[-_TAIL:]) or f"the build ended {parcel.status}"
    parcel.seconds = time.monotonic() - parcel.began


def show(parcels: Sequence[Parcel], *, as_json: bool) -> int:
    """Print what came of it, a line for each function; the exit code."""
    if as_json:
        told = {"deployments": [parcel.to_json() for parcel in parcels]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        for line in _lines(parcels):
            click.echo(line)
    return int(any(parcel.reason for parcel in parcels))


def _lines(parcels: Sequence[Parcel]) -> Iterator[str]:
    ids = max(len(parcel.entry.id) for parcel in parcels)
    runtimes = max(len(parcel.entry.runtime) for parcel in parcels)
    for parcel in parcels:
        mark, ended = _ending(parcel)
        yield f"{mark} {parcel.entry.id:<{ids}}  {parcel.entry.runtime:<{runtimes}}  {ended}"
        yield from (f"    {line}" for line in said(parcel.reason))
        for path in parcel.left_out:
            yield f"{_NOTE} {parcel.entry.id}: {path} was left out, it leads out of the folder"


def _ending(parcel: Parcel) -> tuple[str, str]:
    how = "created" if parcel.is_new else "updated"
    if parcel.reason:
        return click.style("✗", fg="red"), f"failed after {parcel.seconds:.1f} s"
    if parcel.is_under_way:
        return "…", f"{how}, {parcel.status} as {parcel.deployment}"
    return click.style("✓", fg="green"), f"{how}, {parcel.status} in {parcel.seconds:.1f} s"
