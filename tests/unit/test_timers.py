"""Timers: acts at moments of a clock, in order, each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from appwrite_emulator.clock import ManualClock
from appwrite_emulator.timers import Timers

START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_what_is_due_acts_in_the_order_of_its_moments() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    timers.set("later", START + 2 * MINUTE, lambda: acts.append("later"))
    timers.set("first", START + MINUTE, lambda: acts.append("first"))
    timers.set("second", START + MINUTE, lambda: acts.append("second"))
    assert (timers.run_due(), acts) == (0, [])
    clock.advance(MINUTE)
    assert (timers.run_due(), acts) == (2, ["first", "second"])
    assert [timer.key for timer in timers.all()] == ["later"]


def test_a_key_has_one_timer_and_may_lose_it() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    timers.set("key", START, lambda: acts.append("old"))
    timers.set("key", START + MINUTE, lambda: acts.append("new"))
    timers.set("gone", START, lambda: acts.append("gone"))
    timers.cancel("gone")
    timers.cancel("unknown")
    assert timers.run_due() == 0
    first = timers.next()
    assert first
    assert (first.key, first.moment) == ("key", START + MINUTE)
    timers.clear()
    clock.advance(MINUTE)
    assert (timers.run_due(), timers.next(), acts) == (0, None, [])


def test_one_that_fails_keeps_no_other_from_acting(caplog: pytest.LogCaptureFixture) -> None:
    acts = list[str]()
    timers = Timers(ManualClock(START))
    timers.set("bad", START, lambda: [][0])
    timers.set("good", START, lambda: acts.append("good"))
    assert (timers.run_due(), acts) == (2, ["good"])
    assert "timer bad failed" in caplog.text


async def test_served_timers_act_when_the_clock_comes_to_them() -> None:
    clock, acts = ManualClock(START), list[str]()
    timers = Timers(clock)
    async with anyio.create_task_group() as group:
        group.start_soon(timers.serve)
        await anyio.wait_all_tasks_blocked()
        timers.set("late", START + 2 * MINUTE, lambda: acts.append("late"))
        await anyio.wait_all_tasks_blocked()
        timers.set("early", START + MINUTE, lambda: acts.append("early"))
        await anyio.wait_all_tasks_blocked()
        clock.advance(MINUTE)
        await anyio.wait_all_tasks_blocked()
        assert acts == ["early"]
        clock.advance(MINUTE)
        await anyio.wait_all_tasks_blocked()
        assert acts == ["early", "late"]
        group.cancel_scope.cancel()
