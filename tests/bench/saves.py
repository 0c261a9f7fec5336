"""Saves: how long until the new code answers, and what a steady load of calls meets meanwhile."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from . import functions
from .api import Api
from .footprint import memory_of
from .servers import Mode, Running, running

RATE, CALLERS = 200, 8  # calls a second, by so many connections
BETWEEN = 0.3  # seconds from one save to the next under load
DEBOUNCE = 0.02  # seconds after a save from which its code must answer
SOURCES = {
    "node": "module.exports = async ({{ res }}) => res.text('{}');\n",
    "python": "def main(context):\n    return context.res.text('{}')\n",
}


@dataclass(frozen=True, slots=True)
class Saves:
    """Seconds from each save to the first answer of its code, ascending."""

    called: tuple[float, ...]  # a call is sent right after the save

    def at(self, share: float) -> float:
        """The time within which that share of the saves has answered."""
        return self.called[min(len(self.called) - 1, int(len(self.called) * share))]


@dataclass(slots=True)
class Loaded:
    """What a steady load met during the saves."""

    calls: int = 0
    failed: int = 0
    stale: int = 0  # answered by code that a save before the debounce had replaced
    slowest: float = 0.0  # seconds


def measure(mode: Mode, count: int) -> dict[str, Saves]:
    """Save, call at once, `count` times in each language."""
    taken = {}
    with _serving(mode) as (folder, server):
        for language in functions.LANGUAGES:
            call = Caller(server, f"{language}-1")
            save = _Saver(folder, language)
            seconds = []
            for number in range(count + 5):
                time.sleep(0.2)
                began = save(number)
                if (answer := call()) != str(number):
                    raise SystemExit(f"save {number} was answered by {answer!r}")
                seconds.append(time.perf_counter() - began)
            taken[language] = Saves(tuple(sorted(seconds[5:])))
    return taken


def measure_loaded(mode: Mode, count: int) -> dict[str, Loaded]:
    """The same under a steady load of calls, in each language."""
    with _serving(mode) as (folder, server):
        return {each: _under_load(folder, server, each, count) for each in functions.LANGUAGES}


def _under_load(folder: Path, server: Running, language: str, count: int) -> Loaded:
    saves, ended = [(time.perf_counter(), -1)], threading.Event()
    save = _Saver(folder, language)
    save(-1)
    Caller(server, f"{language}-1")()
    loads = [Loaded() for _ in range(CALLERS)]
    threads = [
        threading.Thread(target=_call_steadily, args=(server, language, saves, load, ended))
        for load in loads
    ]
    for thread in threads:
        thread.start()
    for number in range(count):
        time.sleep(BETWEEN)
        saves.append((save(number), number))
    time.sleep(BETWEEN)
    ended.set()
    for thread in threads:
        thread.join()
    return Loaded(
        calls=sum(each.calls for each in loads),
        failed=sum(each.failed for each in loads),
        stale=sum(each.stale for each in loads),
        slowest=max(each.slowest for each in loads),
    )


def _call_steadily(
    server: Running,
    language: str,
    saves: list[tuple[float, int]],
    load: Loaded,
    ended: threading.Event,
) -> None:
    call = Caller(server, f"{language}-1")
    due = time.perf_counter()
    while not ended.is_set():
        began = time.perf_counter()
        due_number = max((n for at, n in tuple(saves) if at + DEBOUNCE < began), default=-1)
        answer = call()
        load.calls += 1
        load.slowest = max(load.slowest, time.perf_counter() - began)
        if answer is None:
            load.failed += 1
        elif int(answer) < due_number:
            load.stale += 1
        due = max(due + CALLERS / RATE, time.perf_counter() - 1)
        time.sleep(max(0.0, due - time.perf_counter()))


@dataclass(slots=True)
class Caller:
    """Executes one function over one connection."""

    server: Running
    function: str
    connection: HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = HTTPConnection(self.server.host, self.server.port, timeout=30)

    def __call__(self) -> str | None:
        """What it answers; None when the execution failed."""
        headers = {name.replace("_", "-"): value for name, value in functions.HEADERS.items()}
        headers["content-type"] = "application/json"
        self.connection.request("POST", functions.path(self.function), b"{}", headers)
        answer = json.loads(self.connection.getresponse().read())
        return answer["responseBody"] if answer.get("status") == "completed" else None


@dataclass(frozen=True, slots=True)
class _Saver:
    folder: Path
    language: str

    def __call__(self, number: int) -> float:
        """Save code that answers `number`; the moment when it was written."""
        path = self.folder / f"{self.language}-1" / functions.RUNTIMES[self.language][1]
        part = path.with_suffix(".part")
        part.write_text(SOURCES[self.language].format(number), encoding="utf-8")
        os.replace(part, path)
        return time.perf_counter()


@contextmanager
def _serving(mode: Mode) -> Iterator[tuple[Path, Running]]:
    with (
        functions.project() as folder,
        running(mode, "emulator", "start", str(folder), "--port", "0") as server,
    ):
        yield folder, server


class Start(NamedTuple):
    """A start of many functions."""

    first: float  # seconds until ready, when all are new
    again: float  # the same, when nothing has changed
    memory: int  # bytes of the idle emulator
    workers: int


def measure_start(mode: Mode, count: int) -> Start:
    """Start `count` functions of each language, then once more."""
    with functions.project(count) as folder:
        what = ("emulator", "start", str(folder), "--port", "0")
        with running(mode, *what) as server:
            first = server.seconds
        with running(mode, *what) as server:
            status = Api(server).control("GET", "/status")
            workers = sum(status["workers"].values())
            return Start(first, server.seconds, memory_of(server.pid), workers)
