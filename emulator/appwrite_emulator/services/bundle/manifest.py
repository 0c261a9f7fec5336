"""What a bundle holds: its manifest, and the files that rows need."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any, NamedTuple, Self

from ...files import is_name
from ...models import Deployment, DeploymentStatus, Errand, Execution
from ...state import Snapshot, StateError
from .. import long_texts

FORMAT = 1
MANIFEST = "MANIFEST.json"  # sorts before all others, so that it is the first in the archive
ROWS = "state.json"

_OWN = ("settings", Errand.table)  # what nobody made: the state's own, and parts of executions


class BundleRefused(StateError):
    """The archive is no bundle that can be imported; the text says why."""


class Origin(NamedTuple):
    """Who writes a bundle, and when."""

    emulator: str  # its version
    created: str  # as `clock.stamp` writes dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The first file of a bundle."""

    format: int
    emulator: str  # the version that wrote it
    created: str
    rows: Mapping[str, int]  # how many, by table
    missing: tuple[str, ...] = ()  # files that rows name, but that were lost before the export

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Raises BundleRefused for what is no manifest, or one of a later format."""
        try:
            fields = json.loads(data)
            format, emulator = fields["format"], fields["emulator"]
            if not isinstance(format, int) or isinstance(format, bool):
                raise TypeError(f"format is {format!r}")
        except (ValueError, KeyError, TypeError) as exc:
            raise BundleRefused(f"{MANIFEST} in it cannot be read ({exc!r})") from exc
        if format > FORMAT:
            raise BundleRefused(
                f"it has format {format}, written by appwrite-emulator {emulator}; this version "
                f"reads up to format {FORMAT}. Import it with that version or a later one"
            )
        try:
            return cls(**{**fields, "missing": tuple(fields["missing"])})
        except (KeyError, TypeError) as exc:
            raise BundleRefused(f"{MANIFEST} in it cannot be read ({exc!r})") from exc

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class Needed:
    """The names in Files that rows refer to. A build that is not ready needs no folder."""

    sources: frozenset[str]
    logs: frozenset[str]
    builds: frozenset[str]

    @classmethod
    def by(cls, rows: Snapshot) -> Self:
        """Raises BundleRefused when a row cannot be one of an emulator's."""
        try:
            needed = cls._by(rows)
            names = needed.sources | needed.logs | needed.builds
            wrong = [name for name in names if not is_name(name)]
        except TypeError as exc:
            raise BundleRefused(f"a row is not as it should be ({exc})") from exc
        if wrong:
            raise BundleRefused(f"a row names the file {wrong[0]!r}, which cannot be")
        return needed

    @classmethod
    def _by(cls, rows: Snapshot) -> Self:
        deployments = [Deployment.from_row(row) for row in rows.rows(Deployment.table)]
        for kind in (Execution, Errand):
            for row in rows.rows(kind.table):
                kind.from_row(row)
        ready = [each for each in deployments if each.status == DeploymentStatus.READY]
        return cls(
            frozenset(each.source for each in deployments if each.source),
            frozenset(long_texts.names(rows)),
            frozenset(name for each in ready for name in (each.build, each.install) if name),
        )

    def paths(self) -> Iterator[PurePath]:
        """Where the files lie in a bundle."""
        for folder in ("sources", "logs", "builds"):
            yield from (PurePath(folder, name) for name in sorted(getattr(self, folder)))


def counts(rows: Snapshot) -> dict[str, int]:
    """How many rows there are, by table, without the state's own."""
    return {name: len(table) for name, table in rows.tables.items() if name not in _OWN}


def told(rows: Mapping[str, int]) -> str:
    """Counts as words: 2 functions, 1 deployment."""
    words = (f"{count} {name if count != 1 else name[:-1]}" for name, count in rows.items())
    return ", ".join(words) or "no rows"


def is_empty(rows: Snapshot) -> bool:
    """Whether there is nothing that somebody made."""
    return not any(counts(rows).values())


def without_uploads(rows: Snapshot) -> Snapshot:
    """The rows but for deployments whose archive is still arriving."""
    deployments = rows.tables.get(Deployment.table, {})
    whole = {id: row for id, row in deployments.items() if not _is_arriving(row)}
    return Snapshot({**rows.tables, Deployment.table: whole} if deployments else rows.tables)


def _is_arriving(row: Mapping[str, Any]) -> bool:
    return row.get("status") == DeploymentStatus.WAITING and not row.get("source")
