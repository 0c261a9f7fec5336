"""Reading the files of a state back, changing none of them unless all are sound."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from ..garbage import without_garbage_collection
from . import journal, snapshot
from .disk import Disk, Paths
from .errors import StateCorrupt
from .tables import Tables

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was found: the last commit, the state file's stamp, and journal ends never acknowledged.

    A torn end is what a write left that was cut short by a kill or a power cut.
    """

    number: int
    stamp: snapshot.Stamp | None
    torn: tuple[journal.Content, ...]


def load(paths: Paths, tables: Tables) -> Loaded:
    """Fill `tables` from the files; raises `StateCorrupt` where they are damaged."""
    with without_garbage_collection():
        stamp = snapshot.stamp_of(paths.state)
        stored, number = snapshot.read(paths.state)
        tables.fill(stored.tables)
        contents = [journal.read(paths.folding), journal.read(paths.journal)]
        for content in contents:
            number = _replay(content, tables, number)
    return Loaded(number, stamp, tuple(content for content in contents if content.torn))


def set_aside(disk: Disk, paths: Paths, content: journal.Content) -> None:
    """Keep the torn end of a journal in a file of its own and cut it off the journal."""
    target = paths.aside("journal.torn")
    kept = disk.open(target, append=False)
    try:
        disk.write(kept, content.torn)
        disk.sync(kept)
    finally:
        disk.close(kept)
    _cut(disk, content)
    logger.warning(
        "The last %d bytes of %s are a write that was never acknowledged; they are now in %s",
        len(content.torn),
        content.path.name,
        target.name,
        extra={"action": "state.torn"},
    )


def _cut(disk: Disk, content: journal.Content) -> None:
    descriptor = disk.open(content.path, append=True)
    try:
        disk.truncate(descriptor, sum(len(line) + 1 for line in content.lines))
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def _replay(content: journal.Content, tables: Tables, number: int) -> int:
    previous = None
    for entry in content.entries():
        expected = min(number, entry.number - 1) if previous is None else previous
        if entry.number != expected + 1:
            problem = f"Entry {entry.number} follows entry {expected}: entries are missing"
            raise StateCorrupt(content.path, problem, line=entry.line)
        previous = entry.number
        if entry.number > number:  # the others are in the snapshot already
            number = entry.number
            _apply(content, tables, entry)
    return number


def _apply(content: journal.Content, tables: Tables, entry: journal.Entry) -> None:
    try:
        for operation in entry.operations:
            tables.apply(operation)
    except (KeyError, ValueError) as exc:
        problem = f"The entry does not fit the rows before it ({exc})"
        raise StateCorrupt(content.path, problem, line=entry.line) from exc
