"""Cron expressions as Appwrite's PHP library reads them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator import cron

FRIDAY = datetime(2024, 1, 5, 10, 0, tzinfo=UTC)


def next_after(expression: str, moment: datetime) -> datetime | None:
    schedule = cron.Schedule.parse(expression)
    return schedule.next_after(moment) if schedule else None


def runs(expression: str, count: int = 3, after: datetime = FRIDAY) -> list[str]:
    dates: list[str] = []
    moment: datetime | None = after
    while moment is not None and len(dates) < count:
        moment = next_after(expression, moment)
        dates.append(f"{moment:%m-%d %H:%M}" if moment else "never")
    return dates


@pytest.mark.parametrize(
    ("expression", "dates"),
    [
        ("* * * * *", ["01-05 10:01", "01-05 10:02", "01-05 10:03"]),
        (" 0\t0  * * * ", ["01-06 00:00", "01-07 00:00", "01-08 00:00"]),
        ("9-9 * * * *", ["01-05 10:09", "01-05 11:09", "01-05 12:09"]),
        ("1-10/4 * * * *", ["01-05 10:01", "01-05 10:05", "01-05 10:09"]),
        ("*/70 * * * *", ["01-05 10:10", "01-05 11:10", "01-05 12:10"]),
        ("0 0 */32 * *", ["02-02 00:00", "03-02 00:00", "04-02 00:00"]),
        ("0 0 1 */13 *", ["02-01 00:00", "02-01 00:00", "02-01 00:00"]),
        ("0 0 1 JAN,mar *", ["03-01 00:00", "01-01 00:00", "03-01 00:00"]),
        ("0 0 29 2 *", ["02-29 00:00", "02-29 00:00", "02-29 00:00"]),
        ("@HOURLY", ["01-05 11:00", "01-05 12:00", "01-05 13:00"]),
        ("@weekly", ["01-07 00:00", "01-14 00:00", "01-21 00:00"]),
    ],
)
def test_minutes_hours_and_months_run_when_they_say(expression: str, dates: list[str]) -> None:
    assert runs(expression) == dates


@pytest.mark.parametrize(
    ("expression", "dates"),
    [
        ("0 0 * * 0", ["01-07", "01-14", "01-21"]),
        ("0 0 * * 7", ["01-07", "01-14", "01-21"]),
        ("0 0 * * 7-1", ["01-07", "01-08", "01-14"]),
        ("0 0 * * FRI-SUN", ["01-06", "01-12", "01-13"]),
        ("0 0 * * 5-7", ["01-06", "01-07", "01-12"]),
        ("0 0 * * */3", ["01-06", "01-07", "01-10"]),
        ("0 0 * * 5L", ["01-26", "02-23", "03-29"]),
        ("0 0 * * friL", ["01-26", "02-23", "03-29"]),
        ("0 0 * * MON,5L", ["01-08", "01-15", "01-22"]),
        ("0 0 * * 5#3", ["01-19", "02-16", "03-15"]),
        ("0 0 L * *", ["01-31", "02-29", "03-31"]),
        ("0 0 LW * *", ["01-31", "02-29", "03-29"]),
        ("0 0 6W * *", ["02-06", "03-06", "04-05"]),
        ("0 0 * * 05#3", ["01-19", "02-16", "03-15"]),
        ("0 0 ? * 1", ["01-08", "01-15", "01-22"]),
        ("0 0 1,? * 1", ["01-06", "01-07", "01-08"]),
        ("0 0 15 * ?", ["01-15", "02-15", "03-15"]),
        ("0 0 10 * 1", ["01-08", "01-10", "01-15"]),
        ("0 0 */1 * 1", ["01-06", "01-07", "01-08"]),
        ("0 0 */19 * 1", ["01-08", "01-15", "01-20"]),
        ("0 0 1 * 0-6", ["01-06", "01-07", "01-08"]),
        ("0 0 30 2 1", ["02-05", "02-12", "02-19"]),
    ],
)
def test_days_run_when_they_say(expression: str, dates: list[str]) -> None:
    assert runs(expression) == [f"{date} 00:00" for date in dates]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * *",
        "5/15 * * * *",
        "*/0 * * * *",
        "*/x * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "R * * * *",
        "H * * * *",
        "? * * * *",
        "1.5 * * * *",
        "1,,2 * * * *",
        "*/5/3 * * * *",
        "1-2-3 * * * *",
        "*-5 * * * *",
        "0 0 1,L * *",
        "0 0 15W,20W * *",
        "0 0 32W * *",
        "0 0 * * L5",
        "0 0 * * 5#6",
        "@reboot",
        "@every 5m",
        "9" * 5000 + " * * * *",
        "\u0663 * * * *",
        "*\x1c* * * *",
        "0 0 * * \u017fun",
        "@wee\u212aly",
    ],
)
def test_what_upstream_does_not_understand_is_not_valid(expression: str) -> None:
    assert not cron.is_valid(expression)
    assert next_after(expression, FRIDAY) is None


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 30 2 *",
        "0 22-2 * * *",
        "10-5 * * * *",
        "0 0 L-2 * *",
        "0 0 * * SUN-SAT",
        "0 0 ? * ?",
        "0 0 * 9,3-1/2 *",
        "0 0 * JUN,MAY-4/2 *",
    ],
)
def test_what_never_runs_is_not_valid(expression: str) -> None:
    assert not cron.is_valid(expression)
    assert next_after(expression, FRIDAY) is None


def test_the_current_minute_never_counts() -> None:
    assert next_after("0 10 * * *", FRIDAY) == FRIDAY + timedelta(days=1)
    assert next_after("0 10 * * *", FRIDAY - timedelta(microseconds=1)) == FRIDAY


def test_dates_are_utc_whatever_the_zone_of_the_moment() -> None:
    kathmandu = datetime.fromisoformat("2024-01-05T15:45:00+05:45")
    assert next_after("0 12 * * *", kathmandu) == FRIDAY.replace(hour=12)


numbers = st.integers(0, 59)
minutes = st.one_of(
    st.just("*"),
    numbers.map(str),
    st.lists(numbers, min_size=1, max_size=4).map(lambda all: ",".join(map(str, all))),
    st.tuples(numbers, numbers).map(lambda ends: f"{min(ends)}-{max(ends)}"),
    st.integers(1, 58).map(lambda step: f"*/{step}"),
)


def minutes_of(field: str) -> set[int]:
    if field.startswith("*"):
        return set(range(0, 60, int(field[2:] or 1)))
    if "-" in field:
        first, last = map(int, field.split("-"))
        return set(range(first, last + 1))
    return set(map(int, field.split(",")))


@settings(max_examples=60)
@given(minutes, st.integers(0, 24 * 3600))
def test_the_next_minute_is_the_first_that_matches(field: str, seconds: int) -> None:
    moment = FRIDAY + timedelta(seconds=seconds)
    expected = moment.replace(second=0) + timedelta(minutes=1)
    while expected.minute not in minutes_of(field):
        expected += timedelta(minutes=1)
    assert next_after(f"{field} * * * *", moment) == expected


tokens = ["*", "?", "5", "7", "31", "0", "-", "/", ",", "#", "L", "W", "MON", "FEB", "+", "x"]
fields = st.lists(st.sampled_from(tokens), min_size=1, max_size=5).map("".join)


@settings(max_examples=400)
@given(fields, st.sampled_from(range(5)))
def test_any_field_is_judged_without_failing(field: str, place: int) -> None:
    expression = ["0", "0", "*", "*", "*"]
    expression[place] = field
    date = next_after(" ".join(expression), FRIDAY)
    assert date is None or (date > FRIDAY and date.second == 0)


@given(st.text())
def test_any_text_is_judged_without_failing(expression: str) -> None:
    assert cron.is_valid(expression) is (next_after(expression, FRIDAY) is not None)


@pytest.mark.parametrize(
    ("expression", "last"),
    [
        ("* * * * *", datetime(2026, 3, 10, 9, 59, tzinfo=UTC)),
        ("0 * * * *", datetime(2026, 3, 10, 9, tzinfo=UTC)),
        ("0 0 1 1 *", datetime(2026, 1, 1, tzinfo=UTC)),
        ("0 0 9 * 1", datetime(2026, 3, 9, tzinfo=UTC)),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_last_date_is_before_the_minute(expression: str, last: datetime | None) -> None:
    schedule = cron.Schedule.parse(expression)
    moment = datetime(2026, 3, 10, 10, 0, 30, tzinfo=UTC)
    assert (schedule.last_before(moment) if schedule else None) == last


def test_a_search_leaves_nothing_behind_for_the_next() -> None:
    schedule = cron.Schedule.parse("*/20 * * * *")
    assert schedule
    assert schedule is not cron.Schedule.parse("*/20 * * * *")
    dates = [schedule.next_after(FRIDAY), schedule.last_before(FRIDAY)] * 2
    late, early = FRIDAY + timedelta(minutes=20), FRIDAY - timedelta(minutes=20)
    assert dates == [late, early, late, early]


def test_two_threads_may_ask_at_once() -> None:
    days = [FRIDAY + timedelta(days=n) for n in range(400)]
    first, second = (cron.Schedule.parse("0 0 * * *") for _ in range(2))
    assert first
    assert second
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(lambda s: [s.next_after(day) for day in days], (first, second))
    expected = [day.replace(hour=0) + timedelta(days=1) for day in days]
    assert list(halves) == [expected, expected]


def test_time_has_an_end() -> None:
    last = datetime(9999, 12, 31, 23, 59, 30, tzinfo=UTC)
    assert next_after("0 0 1 1 *", last) is None
    assert next_after("* * * * *", last) is None
