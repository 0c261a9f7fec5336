"""Usage: sums over all time and over the hours or days of a range."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appwrite_emulator.usage import RANGES, Range, Sample, Series, Tally

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


def tallied(metrics: list[str], samples: list[Sample], span: Range) -> dict[str, Series]:
    tally = Tally(span)
    tally.add(samples[:1])
    tally.add(samples[1:])
    return tally.series(metrics, NOW)


def amounts(span: str, *moments: str) -> list[tuple[str, int]]:
    samples = [("a", moment, 2) for moment in moments]
    return list(tallied(["a"], samples, RANGES[span])["a"].points)


@pytest.mark.parametrize(
    ("span", "count", "first", "last"),
    [
        ("24h", 24, "2026-02-28T10:00:00.000+00:00", "2026-03-01T09:00:00.000+00:00"),
        ("30d", 30, "2026-01-31T00:00:00.000+00:00", "2026-03-01T00:00:00.000+00:00"),
        ("90d", 90, "2025-12-02T00:00:00.000+00:00", "2026-03-01T00:00:00.000+00:00"),
    ],
)
def test_a_range_ends_with_the_present_hour_or_day(
    span: str, count: int, first: str, last: str
) -> None:
    points = amounts(span)
    assert len(points) == len(set(points)) == count
    assert points == sorted(points)
    assert (points[0], points[-1]) == ((first, 0), (last, 0))


def test_a_sample_counts_in_the_hour_it_is_in() -> None:
    points = dict(
        amounts(
            "24h",
            "2026-03-01T07:59:59.999+00:00",
            "2026-03-01T08:00:00.000+00:00",
            "2026-03-01T08:59:59.999+00:00",
        )
    )
    assert points["2026-03-01T07:00:00.000+00:00"] == 2
    assert points["2026-03-01T08:00:00.000+00:00"] == 4
    assert points["2026-03-01T09:00:00.000+00:00"] == 0


def test_totals_reach_further_back_than_the_range() -> None:
    samples = [("a", "2020-01-01T00:00:00.000+00:00", 5), ("a", "2026-03-01T00:00:00.000+00:00", 1)]
    series = tallied(["a", "b"], samples, RANGES["30d"])
    assert series["a"].total == 6
    assert sum(amount for _, amount in series["a"].points) == 1
    assert series["b"].total == 0
    assert len(series["b"].points) == 30
