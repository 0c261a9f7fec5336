"""Cron expressions against what upstream's library itself found; see the folder cron."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from appwrite_emulator import cron

FOLDER = Path(__file__).parent / "cron"
MINUTE = timedelta(minutes=1)
COUNT = 3


def steps(schedule: cron.Schedule, moment: datetime) -> list[int]:
    """The first dates after `moment`, each in minutes after the one before."""
    found: list[int] = []
    while len(found) < COUNT and (date := schedule.next_after(moment)):
        found.append((date - moment) // MINUTE)
        moment = date
    return found


def ours(expression: str, moments: list[datetime]) -> list[list[int]] | None:
    """As the file has it: None for what is refused, and so for what never runs."""
    schedule = cron.Schedule.parse(expression)
    if schedule is None:
        return None
    dates = [steps(schedule, moment) for moment in moments]
    return dates if any(dates) else None


@pytest.mark.timeout(60)  # three seconds on a machine that is not busy
def test_all_is_as_upstream_but_for_the_differences_that_are_listed_with_their_reason() -> None:
    upstream = json.loads((FOLDER / "upstream.json").read_text("utf-8"))
    listed = json.loads((FOLDER / "differences.json").read_text("utf-8"))
    moments = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in upstream["moments"]]
    differences: dict[str, str] = {}
    for expression, dates in upstream["dates"].items():
        theirs = dates if dates and any(dates) else None
        if (found := ours(expression, moments)) != theirs:
            differences[expression] = f"upstream {theirs}, here {found}"
    known = {expression for expressions in listed.values() for expression in expressions}
    assert {each: differences[each] for each in differences if each not in known} == {}
    assert known - differences.keys() == set(), "these are as upstream now"


UPSTREAM = json.loads((FOLDER / "upstream.json").read_text("utf-8"))["dates"]
VALID = [expression for expression, dates in UPSTREAM.items() if dates and any(dates)]


@given(st.sampled_from(VALID), st.datetimes(datetime(1999, 1, 1), datetime(2080, 1, 1)))
def test_searches_forward_and_back_meet(expression: str, moment: datetime) -> None:
    schedule = cron.Schedule.parse(expression)
    assume(schedule is not None)
    assert schedule
    moment = moment.replace(tzinfo=UTC)
    date = schedule.next_after(moment)
    assume(date is not None)
    assert date
    assert date > moment
    assert schedule.last_before(date + MINUTE) == date
    assert schedule.next_after(date - MINUTE) == date
    before = schedule.last_before(date)
    assert before is None or before <= moment


def test_the_file_knows_enough_of_each_kind() -> None:
    dates = json.loads((FOLDER / "upstream.json").read_text("utf-8"))["dates"]
    refused = [expression for expression, found in dates.items() if found is None]
    never = [expression for expression, found in dates.items() if found and not any(found)]
    assert len(dates) >= 3000
    assert len(refused) >= 500
    assert len(never) >= 200
