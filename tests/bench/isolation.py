"""What tests pay for beginning with the same state each: a restore after a call or two."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from time import perf_counter
from urllib.parse import urlsplit

from appwrite_emulator import Emulator

from . import functions

CALL, RESTORE, FILES, TIMER, FRESH = (
    "a call",
    "restore after it",
    "restore after one that left files",
    "restore after one that goes on",
    "restore after one, fresh processes",
)
RARE = 10  # times less often measured: what replaces processes


@dataclass(frozen=True, slots=True)
class Baseline:
    """A state to begin with: functions, how many are warm, and executions there are already."""

    functions: int
    warm: int
    executions: int

    def __str__(self) -> str:
        return f"{self.functions}/{self.warm}/{self.executions:,}"


BASELINES = (Baseline(2, 1, 0), Baseline(50, 10, 0), Baseline(50, 10, 1000))
_LEAVING = {
    RESTORE: "",
    FILES: "require('fs').writeFileSync(require('os').tmpdir() + '/left', 'x');",
    TIMER: "setInterval(() => {}, 1000);",
}
_SOURCE = """\
module.exports = async ({{ req, res }}) => {{
  {leaving}
  return res.text('hello');
}};
"""


def measure(baseline: Baseline, samples: int) -> dict[str, float]:
    """The p50 in seconds by what was measured over a baseline."""
    with functions.project(baseline.functions // 2) as folder, Emulator(port=0) as emulator:
        for number, leaving in enumerate(_LEAVING.values()):
            (folder / f"leaving-{number}").mkdir()
            source = _SOURCE.format(leaving=leaving)
            (folder / f"leaving-{number}" / "main.js").write_text(source)
            emulator.deploy(folder / f"leaving-{number}")
        (folder / "appwrite.config.json").replace(folder / "appwrite.json")
        emulator.deploy(folder)
        tests = _Tests(emulator)
        for number in range(baseline.warm + baseline.executions):
            tests.call(f"node-{number % min(baseline.warm, baseline.functions // 2) + 1}")
        taken = {CALL: tests.calls(samples)}
        for number, name in enumerate(_LEAVING):
            count = samples // RARE if name == TIMER else samples
            taken[name] = tests.cycles(f"leaving-{number}", count)
        taken[FRESH] = tests.cycles("leaving-0", samples // RARE, fresh=True)
        return taken


class _Tests:
    """One test after the other, each begun with the same state."""

    def __init__(self, emulator: Emulator) -> None:
        url = urlsplit(emulator.endpoint)
        self._connection = HTTPConnection(url.hostname or "", url.port)
        self._headers = {name.replace("_", "-"): value for name, value in functions.HEADERS.items()}
        self._headers |= {"x-appwrite-project": emulator.project}
        self._headers |= {"content-type": "application/json"}
        self._emulator = emulator

    def call(self, function: str) -> None:
        self._connection.request("POST", functions.path(function), b"{}", self._headers)
        answer = self._connection.getresponse()
        if json.loads(answer.read()).get("status") != "completed":
            raise SystemExit(f"{function} was answered with {answer.status}")

    def calls(self, count: int) -> float:
        """Seconds for a call of a warm function."""
        return median(_timed(lambda: self.call("node-1")) for _ in range(count))

    def cycles(self, function: str, count: int, *, fresh: bool = False) -> float:
        """Seconds for a restore after a call of `function`."""
        self.call(function)
        snapshot, seconds = self._emulator.snapshot(), []
        for _ in range(count):
            self.call(function)
            seconds.append(_timed(lambda: self._emulator.restore(snapshot, fresh=fresh)))
        return median(seconds)


def _timed(act: Callable[[], object]) -> float:
    began = perf_counter()
    act()
    return perf_counter() - began
