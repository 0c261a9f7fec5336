"""Calendar time: how it is written, and a clock that tests move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import anyio
import pytest

from appwrite_emulator.clock import ManualClock, SystemClock, stamp

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (START, "2026-01-31T09:30:00.000+00:00"),
        (START.replace(microsecond=1999), "2026-01-31T09:30:00.001+00:00"),
        (
            START.astimezone(timezone(timedelta(hours=2))),
            "2026-01-31T09:30:00.000+00:00",
        ),
    ],
)
def test_a_date_always_has_milliseconds_and_is_utc(moment: datetime, text: str) -> None:
    assert stamp(moment) == text


async def test_a_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(START)
    woken: list[str] = []

    async def sleep(name: str, **step: int) -> None:
        await clock.sleep_until(START + timedelta(**step))
        woken.append(name)

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: sleep("day", days=1))
        group.start_soon(lambda: sleep("hour", hours=1))
        await anyio.wait_all_tasks_blocked()
        assert (clock.now(), woken) == (START, [])
        clock.advance(timedelta(hours=2))
        await anyio.wait_all_tasks_blocked()
        assert woken == ["hour"]
        clock.advance(timedelta(days=1))
    assert woken == ["hour", "day"]


async def test_a_moment_that_has_passed_is_not_waited_for() -> None:
    with anyio.fail_after(5):
        await SystemClock().sleep_until(START - timedelta(days=9999))
        await ManualClock(START).sleep_until(START)
    assert SystemClock().now().tzinfo is UTC
