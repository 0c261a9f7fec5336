"""Warm executions against a bare Starlette hello, in turns, so that both meet the same noise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from . import functions, load
from .load import Burst, Target
from .servers import Mode, running

CONNECTIONS = 16
HELLO = "hello"
BARE = "bare"
"""Added to the name of a language: its worker without the emulator, see bare.py."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds, and requests in each for one and for many connections."""

    rounds: int
    alone: int
    together: int


@dataclass(slots=True)
class Series:
    """All bursts against one target, a pair per round."""

    alone: list[Burst] = field(default_factory=list)
    together: list[Burst] = field(default_factory=list)

    @property
    def p50s(self) -> list[float]:
        return [burst.p50 for burst in self.alone]

    @property
    def rates(self) -> list[float]:
        return [burst.rate for burst in self.together]

    def server_cpu(self) -> float:
        """Seconds of the server's CPU for a request on one connection, in the best round."""
        return min(burst.server_cpu / burst.count for burst in self.alone)

    def own_cpu(self) -> float:
        """Seconds of the load generator's CPU for a request among many, in the best round."""
        return min(burst.own_cpu / burst.count for burst in self.together)


@dataclass(frozen=True, slots=True)
class Ratio:
    """Emulator to hello: the best of each, and the middle of the ratios of the rounds."""

    best: float
    middle: float


def slowdown(series: Series, hello: Series) -> Ratio:
    """How many times hello's p50 the p50 on one connection is."""
    pairs = zip(series.p50s, hello.p50s, strict=True)
    return Ratio(min(series.p50s) / min(hello.p50s), median(ours / bare for ours, bare in pairs))


def share(series: Series, hello: Series) -> Ratio:
    """Which part of hello's throughput over many connections is reached."""
    pairs = zip(series.rates, hello.rates, strict=True)
    return Ratio(max(series.rates) / max(hello.rates), median(ours / bare for ours, bare in pairs))


def measure(mode: Mode, effort: Effort) -> dict[str, Series]:
    """Series for hello, and for a function in each language: bare, and stored on the disk."""
    with ExitStack() as stack:
        folder = stack.enter_context(functions.project())
        hello = stack.enter_context(running(mode, "hello"))
        bare = stack.enter_context(running(mode, "bare", str(folder)))
        emulator = stack.enter_context(
            running(mode, "emulator", "start", str(folder), "--port", "0")
        )
        targets = {HELLO: functions.hello(hello)}
        for language in functions.LANGUAGES:
            targets[language] = functions.execution(emulator, f"{language}-1")
            targets[f"{BARE} {language}"] = functions.execution(bare, f"{language}-1")
        return _rounds(targets, effort)


def _rounds(targets: dict[str, Target], effort: Effort) -> dict[str, Series]:
    series = {name: Series() for name in targets}
    for target in targets.values():  # start all workers, warm all caches
        load.together(target, CONNECTIONS, effort.together // 4)
    for name in in_turns(list(targets), effort.rounds):
        series[name].alone.append(load.one_by_one(targets[name], effort.alone))
    for name in in_turns(list(targets), effort.rounds):
        series[name].together.append(load.together(targets[name], CONNECTIONS, effort.together))
    return series


def in_turns(names: list[str], rounds: int) -> Iterator[str]:
    """Every other round goes backwards, so that none is always the first."""
    for number in range(rounds):
        yield from names if number % 2 == 0 else reversed(names)
