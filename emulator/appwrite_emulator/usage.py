"""Usage: how much of each metric there was, in all and in each hour or day of a range."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from .clock import stamp

Sample = tuple[str, str, int]
"""A metric, the moment as rows hold it, and how much there was of it then."""


@dataclass(frozen=True, slots=True)
class Range:
    """`count` hours or days that end with the present one."""

    count: int
    step: timedelta
    digits: int  # of a moment's text that say which hour or day it is in
    rest: str  # of the text of the hour's or day's first moment


_DAY, _MIDNIGHT = timedelta(days=1), "T00:00:00.000+00:00"
RANGES: Final = {
    "24h": Range(24, timedelta(hours=1), 13, ":00:00.000+00:00"),
    "30d": Range(30, _DAY, 10, _MIDNIGHT),
    "90d": Range(90, _DAY, 10, _MIDNIGHT),
}


@dataclass(frozen=True, slots=True)
class Series:
    """One metric: its sum over all time, and its sum in each hour or day, the oldest first."""

    total: int
    points: tuple[tuple[str, int], ...]  # first moment and sum


class Tally:
    """The sums of samples by metric and hour or day of a range, however many come at a time."""

    def __init__(self, span: Range) -> None:
        self._span = span
        self._sums: defaultdict[tuple[str, str], int] = defaultdict(int)

    def add(self, samples: Iterable[Sample]) -> None:
        digits, sums = self._span.digits, self._sums
        for metric, moment, amount in samples:
            sums[metric, moment[:digits]] += amount

    def series(self, metrics: Sequence[str], now: datetime) -> dict[str, Series]:
        """The series of all `metrics`. Source: Appwrite 1.6.2 and 1.9.6, usage of functions."""
        totals: Counter[str] = Counter()
        for (metric, _), amount in self._sums.items():
            totals[metric] += amount
        sums, rest, periods = self._sums, self._span.rest, _periods(self._span, now)
        return {
            metric: Series(totals[metric], tuple((p + rest, sums[metric, p]) for p in periods))
            for metric in metrics
        }


def _periods(span: Range, now: datetime) -> list[str]:
    moments = [now - span.step * number for number in reversed(range(span.count))]
    return [stamp(moment)[: span.digits] for moment in moments]
