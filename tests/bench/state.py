"""What rows cost at several sizes of the state, read and written as the services do it."""

from __future__ import annotations

import gc
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, cast

from appwrite_emulator import query
from appwrite_emulator.clock import stamp
from appwrite_emulator.garbage import without_garbage_collection
from appwrite_emulator.models import Execution, ExecutionStatus, unique_id
from appwrite_emulator.services.executions import ATTRIBUTES
from appwrite_emulator.services.ground import Ground
from appwrite_emulator.services.records import Listing, Records
from appwrite_emulator.state import StateDB
from appwrite_emulator.state.disk import Disk
from appwrite_emulator.state.snapshot import write

LOAD, COMPACT = "load", "compact"
INSERT, UPDATE, GET = "insert", "update by id", "get by id"
NEWEST = "25 newest of a function"
BY_DATE = "25 newest, by $createdAt"
CHOSEN = "25 completed, longest first"
SNAPSHOT, RESTORE = "snapshot", "restore after 20 changes"

TEST_SIZE = 220  # rows of a state as tests have it
_FUNCTIONS = 20
_BUSY = "function-0"  # half of all executions are its
_PROJECT = "bench"
_LISTINGS = {
    NEWEST: ['{"method":"orderDesc"}'],
    BY_DATE: ['{"method":"orderDesc","attribute":"$createdAt"}'],
    CHOSEN: [
        '{"method":"equal","attribute":"status","values":["completed"]}',
        '{"method":"orderDesc","attribute":"duration"}',
    ],
}

Action = Callable[[], object]


@dataclass(slots=True)
class _Ground:
    """What records need of the services' ground; every look at the clock is a millisecond."""

    state: StateDB
    looks: int = 0

    def now(self) -> str:
        self.looks += 1
        return stamp(datetime(2026, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.looks))


class _Rows:
    """A state with executions."""

    def __init__(self, path: Path | None) -> None:
        self.state = StateDB.open(path)
        self.records = Records(cast(Ground, _Ground(self.state)), Execution, owner="functionId")
        self._random = random.Random(1)
        self._known: list[str] = []

    def learn(self) -> None:
        """Know which rows there are."""
        self._known = [execution.id for execution in self.records.all()]

    def insert(self) -> None:
        number = self._random.randrange(2 * _FUNCTIONS)
        execution = Execution(
            id=unique_id(),
            **self.records.born(_PROJECT),
            function_id=f"function-{number if number < _FUNCTIONS else 0}",
            deployment_id="6928f3c4001a2b3c4d5e",
            status=ExecutionStatus.COMPLETED if number % 10 else ExecutionStatus.FAILED,
            request_headers=(("content-type", "application/json"), ("user-agent", "bench")),
            response_status_code=200,
            response_headers=(("content-type", "text/plain; charset=utf-8"),),
            logs="what a function has to say\n" * 8,
            duration=self._random.random(),
        )
        self._known.append(self.records.add(execution).id)

    def get(self) -> Execution:
        found = self.records.get(_PROJECT, self._random.choice(self._known))
        assert found is not None, "nothing was deleted"
        return found

    def update(self, execution: Execution) -> None:
        changes = {"status": ExecutionStatus.COMPLETED, "duration": self._random.random()}
        self.records.change(execution, **changes)

    def page(self, name: str) -> None:
        listing = Listing(query.parse(_LISTINGS[name], ATTRIBUTES))
        found, _ = self.records.page(listing, _PROJECT, functionId=_BUSY)
        assert len(found) == listing.query.limit, "there are more rows than on one page"


def measure(size: int, rounds: int, samples: int) -> dict[str, float]:
    """Seconds by what was measured with `size` rows: the p50 of the best round.

    Load and compaction are done once. Objects that live are frozen, as in the emulator's command.
    """
    with _state_file(size) as path:
        rows, load = _timed(lambda: _Rows(path))
        rows.learn()
        gc.collect()
        gc.freeze()
        figures = {LOAD: load}
        for _ in range(rounds):
            for name, seconds in _round(rows, samples):
                figures[name] = min(seconds, figures.get(name, seconds))
        rows.insert()
        _, figures[COMPACT] = _timed(rows.state.close)
        gc.unfreeze()
    return figures


def _round(rows: _Rows, samples: int) -> Iterator[tuple[str, float]]:
    yield INSERT, _p50(rows.insert, samples)
    yield GET, _p50(rows.get, samples)
    executions = iter([rows.get() for _ in range(samples)])
    yield UPDATE, _p50(lambda: rows.update(next(executions)), samples)
    for name in _LISTINGS:
        yield name, _p50(partial(rows.page, name), max(3, samples // 50))


def measure_tests(rounds: int) -> dict[str, float]:
    """The p50 in seconds of snapshot and restore, in a state as tests have it, on the disk."""
    taken: dict[str, list[float]] = {SNAPSHOT: [], RESTORE: []}
    with _state_file(TEST_SIZE) as path:
        rows = _Rows(path)
        for _ in range(rounds):
            snapshot, seconds = _timed(rows.state.snapshot)
            taken[SNAPSHOT].append(seconds)
            for execution in rows.records.all()[::22]:
                rows.update(execution)
                rows.insert()
            _, seconds = _timed(partial(rows.state.restore, snapshot))
            taken[RESTORE].append(seconds)
        rows.state.close()
    return {name: median(seconds) for name, seconds in taken.items()}


@contextmanager
def _state_file(size: int) -> Iterator[Path]:
    """A state file with `size` executions."""
    with tempfile.TemporaryDirectory(prefix="appwrite-emulator-bench-") as folder:
        path = Path(folder) / "state.json"
        rows = _Rows(None)
        with without_garbage_collection():
            for _ in range(size):
                rows.insert()
        write(Disk(), path, rows.state.snapshot())
        yield path


def _p50(action: Action, samples: int) -> float:
    return median(_timed(action)[1] for _ in range(samples))


def _timed(action: Callable[[], Any]) -> tuple[Any, float]:
    began = perf_counter()
    result = action()
    return result, perf_counter() - began
