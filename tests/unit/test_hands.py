"""A clock that a test has moved goes as it did before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appwrite_emulator.client.hands import Hands
from appwrite_emulator.clock import ManualClock, SystemClock, machine_time

MOMENT = datetime(2030, 1, 1, tzinfo=UTC)
SOON = timedelta(seconds=5)


@pytest.mark.parametrize("stands", [True, False])
def test_the_machines_clock_is_the_machines_again(stands: bool) -> None:
    clock = SystemClock()
    hands = Hands.of(clock)
    if stands:
        clock.freeze()
    clock.set(MOMENT)

    assert hands.put_back(clock)

    assert not clock.frozen
    assert abs(clock.now() - machine_time()) < SOON


def test_a_clock_that_was_moved_before_goes_on_from_there() -> None:
    clock = SystemClock()
    clock.set(MOMENT)
    hands = Hands.of(clock)
    clock.set(MOMENT + timedelta(days=9))

    assert hands.put_back(clock)

    assert abs(clock.now() - MOMENT) < SOON


def test_a_clock_that_stood_still_stands_where_it_stood() -> None:
    clock = ManualClock(MOMENT)
    hands = Hands.of(clock)
    clock.advance(timedelta(days=1))
    clock.resume()

    assert hands.put_back(clock)

    assert clock.frozen
    assert clock.now() == MOMENT


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock(MOMENT)])
def test_a_clock_that_nobody_moved_is_left_alone(clock: SystemClock) -> None:
    assert not Hands.of(clock).put_back(clock)


def test_a_clock_that_cannot_be_moved_is_left_alone() -> None:
    class Fixed:
        def __init__(self) -> None:
            self.days = 0

        def now(self) -> datetime:
            return MOMENT + timedelta(days=self.days)

        async def sleep_until(self, moment: datetime) -> None:
            raise AssertionError("nobody waits here")

    clock = Fixed()
    hands = Hands.of(clock)
    clock.days = 1

    assert not hands.put_back(clock)
