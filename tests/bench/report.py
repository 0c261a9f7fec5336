"""The measurements as tables, each figure beside what it has to keep."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import warm
from .servers import Mode
from .warm import HELLO, Ratio, Series


@dataclass(frozen=True, slots=True)
class Targets:
    """What warm executions are held to: times hello's p50, parts of its throughput, and CPU."""

    slowdown: float
    aim: float
    share: float
    cpu: float  # seconds over hello


TARGETS: dict[Mode, Targets] = {
    "plain": Targets(slowdown=2.5, aim=1.75, share=0.5, cpu=150e-6),
    "fast": Targets(slowdown=3.0, aim=2.25, share=0.35, cpu=100e-6),
}
COLD_TARGETS = {"start to ready": 1.0, "python": 0.25, "node": 0.4}
TITLES: dict[Mode, str] = {
    "plain": "Warm synchronous execution, stored on disk; plain uvicorn (asyncio, h11)",
    "fast": "Warm synchronous execution, stored on disk; extra fast (uvloop, httptools)",
}


def warm_lines(mode: Mode, series: dict[str, Series]) -> Iterator[str]:
    """One table: hello, then each language."""
    targets, hello = TARGETS[mode], series[HELLO]
    languages = [name for name in series if name != HELLO]
    yield TITLES[mode]
    yield _row("", [HELLO, *languages, "target"])
    p50s = [f"{min(each.p50s) * 1e6:.0f} µs" for each in series.values()]
    yield _row("p50, 1 connection, best round", p50s)
    slow = [warm.slowdown(series[name], hello) for name in languages]
    verdict = _verdict(all(each.best <= targets.slowdown for each in slow))
    bound = f"≤ {targets.slowdown}x (aim {targets.aim}x) {verdict}"
    yield _row("  to hello: best, median", ["", *map(_times, slow), bound])
    rates = [f"{max(each.rates):.0f}/s" for each in series.values()]
    yield _row(f"throughput, {warm.CONNECTIONS} connections, best round", rates)
    shares = [warm.share(series[name], hello) for name in languages]
    verdict = _verdict(all(each.best >= targets.share for each in shares))
    yield _row(
        "  to hello: best, median", ["", *map(_times, shares), f"≥ {targets.share}x {verdict}"]
    )
    yield from _cpu_lines(targets, series)


def _cpu_lines(targets: Targets, series: dict[str, Series]) -> Iterator[str]:
    costs = {name: each.server_cpu() for name, each in series.items()}
    yield _row(
        "server CPU per call, 1 connection, best round",
        [f"{cost * 1e6:.0f} µs" for cost in costs.values()],
    )
    over = [cost - costs[HELLO] for name, cost in costs.items() if name != HELLO]
    verdict = _verdict(all(each <= targets.cpu for each in over))
    bound = f"≤ +{targets.cpu * 1e6:.0f} µs {verdict}"
    yield _row("  over hello", ["", *(f"+{each * 1e6:.0f} µs" for each in over), bound])
    own = [f"{each.own_cpu() * 1e6:.0f} µs" for each in series.values()]
    yield _row("load generator's CPU per call", [*own, "(not the server's)"])


def cold_lines(mode: Mode, taken: dict[str, list[float]]) -> Iterator[str]:
    """One line for each thing that is slow once: best and median in milliseconds."""
    count = len(next(iter(taken.values())))
    yield f"Once, {mode}: best and median of {count}"
    for name, seconds in taken.items():
        held = next(limit for key, limit in COLD_TARGETS.items() if key in name)
        middle = sorted(seconds)[len(seconds) // 2]
        figures = [f"{min(seconds) * 1e3:.0f} ms", f"{middle * 1e3:.0f} ms", ""]
        yield _row(name, [*figures, f"≤ {held * 1e3:.0f} ms {_verdict(min(seconds) <= held)}"])


def _row(name: str, cells: Sequence[str]) -> str:
    figures = "".join(f"{cell:>15}" for cell in cells[:3])
    return f"  {name:<46}{figures}   {''.join(cells[3:])}".rstrip()


def _times(ratio: Ratio) -> str:
    return f"{ratio.best:.2f}x {ratio.middle:.2f}x"


def _verdict(is_kept: bool) -> str:
    return "ok" if is_kept else "MISSED"
