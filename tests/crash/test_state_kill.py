"""`kill -9` at random moments: every acknowledged change must be there afterwards.

Run as a program, this file is the process that is killed: it changes a state file and tells each
change through a pipe. The test knows from the same seed what these changes were.
"""

from __future__ import annotations

import copy
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tinydb import where

import appwrite_emulator
from appwrite_emulator.state import StateDB

KILLS = 10  # for each seed; raise it to search longer
SEEDS = range(4)
COMPACT_AT = 2_000  # bytes: about every tenth change starts a compaction
LONGEST_LIFE = 120  # changes acknowledged before the kill

TABLES = ("functions", "executions")
Step = tuple[Any, ...]
Rows = dict[str, dict[str, dict[str, Any]]]


@dataclass(slots=True)
class Model:
    """What the rows must be, kept in the plainest way."""

    rows: Rows
    kept: Rows = field(default_factory=dict)

    def take(self, step: Step) -> None:
        match step:
            case ("put", table, id, row):
                self.rows[table][id] = dict(row)
            case ("patch", table, id, changes):
                self.rows[table][id].update(changes)
            case ("drop", table, *ids):
                for id in ids:
                    self.rows[table].pop(id, None)
            case ("bulk", table, status, number):
                for row in self.rows[table].values():
                    if row["status"] == status:
                        row["number"] = number
            case ("together", *steps):
                for inner in steps:
                    self.take(inner)
            case ("snapshot",):
                self.kept = copy.deepcopy(self.rows)
            case ("restore",):
                self.rows = copy.deepcopy(self.kept)


def read(db: StateDB) -> Rows:
    return {name: {str(row.doc_id): dict(row) for row in db.table(name)} for name in TABLES}


def steps(seed: int, model: Model) -> Iterator[Step]:
    """Random changes that fit `model`, which the caller keeps up to date."""
    source = random.Random(seed)
    yield ("snapshot",)
    for number in range(100_000):
        yield _step(source, model, number)


def _step(source: random.Random, model: Model, number: int) -> Step:
    table = source.choice(TABLES)
    ids = list(model.rows[table])
    kind = source.choices(
        ["put", "patch", "drop", "bulk", "together", "snapshot", "restore"],
        [40, 30, 12, 4, 8, 3, 3],
    )[0]
    match kind:
        case "patch" if ids:
            return ("patch", table, source.choice(ids), {"status": source.choice("wxyz")})
        case "drop" if ids:
            return ("drop", table, *source.sample(ids, min(len(ids), 3)))
        case "bulk":
            return ("bulk", table, source.choice("wxyz"), number)
        case "together":
            puts = [_put(source, name, number) for name in TABLES]
            drops = [("drop", table, *source.sample(ids, min(len(ids), 2)))]
            return ("together", *puts, *drops)
        case "snapshot" | "restore":
            return (kind,)
    return _put(source, table, number)


def _put(source: random.Random, table: str, number: int) -> Step:
    id = f"p/{source.randrange(60)}"
    logs = "x" * source.choice([0, 10, 3_000])
    return ("put", table, id, {"status": "w", "number": number, "logs": logs})


class Subject:
    """The state, changed by the same steps."""

    def __init__(self, db: StateDB) -> None:
        self._db = db
        self._kept = db.snapshot()

    def take(self, step: Step) -> None:
        match step:
            case ("put", table, id, row):
                self._db.table(table).put(id, row)
            case ("patch", table, id, changes):
                self._db.table(table).patch(id, changes)
            case ("drop", table, *ids):
                self._db.table(table).drop(*ids)
            case ("bulk", table, status, number):
                self._db.table(table).update({"number": number}, where("status") == status)
            case ("together", *inner_steps):
                with self._db.transaction():
                    for inner in inner_steps:
                        self.take(inner)
            case ("snapshot",):
                self._kept = self._db.snapshot()
            case ("restore",):
                self._db.restore(self._kept)


def live(path: Path, seed: int, pipe: int) -> None:
    """Change the state until killed, telling each change when it is done."""
    db = StateDB.open(path, compact_at=COMPACT_AT)
    model, subject = Model(read(db)), Subject(db)
    for step in steps(seed, model):
        subject.take(copy.deepcopy(step))
        model.take(step)
        os.write(pipe, b".")


def kill_a_writer(path: Path, seed: int, life: int) -> int:
    """Let a process change the state and kill it; returns how many changes it told."""
    reading, writing = os.pipe()
    package = Path(appwrite_emulator.__file__).parents[1]
    with os.fdopen(reading, "rb", buffering=0) as told:
        process = subprocess.Popen(
            [sys.executable, __file__, str(path), str(seed), str(writing)],
            pass_fds=[writing],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(package), *sys.path])},
        )
        os.close(writing)
        count = 0
        while count < life and (dots := told.read(life - count)):
            count += len(dots)
        process.send_signal(signal.SIGKILL)
        count += len(told.readall())
    assert process.wait() == -signal.SIGKILL
    return count


def check(path: Path, model: Model, seed: int, told: int) -> Model:
    """Compare the state with all that was told, or that and one change more."""
    coming = steps(seed, model)
    for _ in range(told):
        model.take(next(coming))
    one_more = copy.deepcopy(model)
    one_more.take(next(coming))
    found = _look(path)
    possible = [_in_order(model.rows), _in_order(one_more.rows)]
    assert _in_order(found) in possible, f"seed {seed}: {told} changes told"
    return Model(found)


def _look(path: Path) -> Rows:
    # At a copy, so that the next life finds the files as the kill left them.
    with tempfile.TemporaryDirectory(dir=path.parents[1]) as folder:
        for file in path.parent.iterdir():
            shutil.copy2(file, folder)
        with StateDB.open(Path(folder) / path.name) as db:
            return read(db)


def _in_order(rows: Rows) -> dict[str, list[tuple[str, Any]]]:
    return {name: list(table.items()) for name, table in rows.items()}


@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", SEEDS)
def test_kill_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    path, model = tmp_path / "live" / "state.json", Model({name: {} for name in TABLES})
    source = random.Random(seed)
    total = 0
    for kill in range(KILLS):
        life_seed = seed * 1_000 + kill
        told = kill_a_writer(path, life_seed, source.randrange(1, LONGEST_LIFE))
        model = check(path, model, life_seed, told)
        total += told
    assert total > KILLS


if __name__ == "__main__":
    live(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
