"""Cron expressions as Appwrite understands them; croniter finds the dates.

Appwrite evaluates them with PHP's dragonmantank/cron-expression, whose language differs from
croniter's. So each field is checked as PHP does and rewritten to plain numbers, and the
expression becomes several alternatives of which the earliest date counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from croniter import croniter

_Find = Callable[["croniter", datetime], datetime]
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Schedule:
    """An expression that was understood."""

    _engines: tuple[croniter, ...]  # it runs when one of them does

    @classmethod
    def parse(cls, expression: str) -> Schedule | None:
        """What `expression` says; None when Appwrite would not understand it.

        Some that are understood never run, such as `0 0 30 2 *`.
        """
        engines = _engines(expression)
        return cls(engines) if engines else None

    def next_after(self, moment: datetime) -> datetime | None:
        """The first full minute after `moment` at which it runs, in UTC; None when it never does.

        The minute that `moment` lies in has begun, so it does not count.
        """
        return min(self._dates(_next, moment), default=None)

    def last_before(self, moment: datetime) -> datetime | None:
        """The last full minute before that of `moment` at which it ran, in UTC, or None."""
        return max(self._dates(_last, moment), default=None)

    def _dates(self, find: _Find, moment: datetime) -> Iterator[datetime]:
        # Moments without a zone cost croniter a third of the time.
        minute = moment.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0)
        for engine in self._engines:
            # No such date within fifty years, or none before the year 10000.
            with suppress(ValueError, OverflowError):
                # A copy, because a search changes the engine and other threads may share it.
                yield find(copy(engine), minute).replace(tzinfo=UTC)


def _next(engine: croniter, minute: datetime) -> datetime:
    found: datetime = engine.get_next(datetime, minute)
    return found


def _last(engine: croniter, minute: datetime) -> datetime:
    found: datetime = engine.get_prev(datetime, minute)
    return found


def is_valid(expression: str) -> bool:
    """Whether `expression` has five proper fields, or is an alias, and will ever run.

    An empty expression is none; that it stands for "no schedule" is for the caller to say.
    Source: Appwrite 1.9.6, except that `LW` is the last weekday of the month: upstream finds
    senseless dates for it.
    """
    schedule = Schedule.parse(expression)
    return schedule is not None and schedule.next_after(_EPOCH) is not None


@dataclass(frozen=True, slots=True)
class _Field:
    """The range of one of the five fields, its names, and what its special letters look like."""

    low: int
    high: int
    names: tuple[str, ...] = ()  # the first one means 1
    special: str = r"(?!)"

    def number(self, text: str) -> str:
        """`text`, or the number it names."""
        upper = text.upper()
        return str(self.names.index(upper) + 1) if upper in self.names else text


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_MINUTE, _HOUR, _MONTH = _Field(0, 59), _Field(0, 23), _Field(1, 12, _MONTHS)
_DAY = _Field(1, 31, special=r"\?|LW?|(0?[1-9]|[12]\d|3[01])W")
_WEEKDAY = _Field(0, 7, _DAYS, special=r"\?|(?i:0*[0-7]|MON|TUE|WED|THU|FRI|SAT|SUN)(L|#[1-5])")
_FIELDS = (_MINUTE, _HOUR, _DAY, _MONTH, _WEEKDAY)
_ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_LAST = {"L": "l", "LW": "31W"}
_PART = re.compile(r"[^ \t\n\v\f\r]+")


@lru_cache(maxsize=1024)
def _engines(expression: str) -> tuple[croniter, ...]:
    from croniter import croniter  # costly, and many projects have no schedules

    return tuple(croniter(alternative, _EPOCH) for alternative in _alternatives(expression))


def _alternatives(expression: str) -> list[str]:
    """Plain expressions that together run when `expression` does; none when it is invalid."""
    if not expression.isascii():
        return []  # some letters are those of a name when their case is changed
    fields = _PART.findall(_ALIASES.get(expression.lower(), expression))
    if len(fields) != 5 or not all(map(_is_field, _FIELDS, fields)):
        return []
    minutes, hours, days, months, weekdays = fields
    times = [
        _numbers(field, text)
        for field, text in ((_MINUTE, minutes), (_HOUR, hours), (_MONTH, months))
    ]
    if not all(times):
        return []
    minute, hour, month = (_join(numbers) for numbers in times)
    return [f"{minute} {hour} {d} {month} {w}" for d, w in _day_pairs(days, weekdays)]


def _is_field(field: _Field, text: str) -> bool:
    text = field.number(text)
    if "," in text:
        # A list of days may hold neither L nor W.
        mixed = field is _DAY and bool({"L", "W"} & set(text))
        return not mixed and all(_is_field(field, item) for item in text.split(","))
    if "/" in text:
        span, _, step = text.partition("/")
        is_step = re.fullmatch(r"[+-]?[1-9]\d{0,17}", step) is not None
        if not is_step or span.isdecimal() or not _is_field(field, span):
            return False
        # Upstream fails when it looks for dates of a reversed range.
        return bool(_item_numbers(field, _turned(text) if field is _WEEKDAY else text))
    if "-" in text:
        ends = text.split("-")
        return len(ends) == 2 and "*" not in ends and all(_is_field(field, end) for end in ends)
    if re.fullmatch(r"\+?\d{1,9}", text):
        return field.low <= int(text) <= field.high
    return text == "*" or re.fullmatch(field.special, text) is not None


def _numbers(field: _Field, text: str) -> set[int]:
    """All numbers that a valid field stands for; its special letters stand for none."""
    return {number for item in text.split(",") for number in _item_numbers(field, item)}


def _item_numbers(field: _Field, item: str) -> Collection[int]:
    item = field.number(item)
    span, _, step = item.partition("/")
    if span == "*" or item == "?":
        span = f"{field.low}-{field.high}"
    if step:
        return _stepped(field, span, abs(int(step)))
    first, _, last = span.partition("-")
    ends = [field.number(end) for end in (first, last or first)]
    if not all(end.lstrip("+").isdecimal() for end in ends):
        return ()
    return range(int(ends[0]), int(ends[1]) + 1)


def _stepped(field: _Field, span: str, step: int) -> Collection[int]:
    """Every `step`-th number of `span`, where upstream reads a name as 0."""
    first, _, last = span.partition("-")
    start, end = (int(text) if text.isdecimal() else 0 for text in (first, last or first))
    if start < field.low or start > end:
        return ()
    if step > field.high:
        full = range(field.low, field.high + 1)
        return (full[step % len(full)],)
    return range(start, end + 1, step)


def _turned(span: str) -> str:
    """A range of weekdays with Sunday, which is both 0 and 7, at its proper end."""
    if span.startswith("7-"):
        return "0" + span[1:]
    return span[:-1] + "7" if span.endswith("-0") else span


def _day_pairs(days: str, weekdays: str) -> Iterator[tuple[str, str]]:
    """croniter's day and weekday fields; when both are restricted, either one is enough."""
    if (days, weekdays) in (("*", "*"), ("*", "?"), ("?", "*")):
        yield "*", "*"
        return
    if days not in ("*", "?"):
        yield from ((day, "*") for day in _plain_days(days))
    if weekdays not in ("*", "?"):
        yield from (("*", weekday) for weekday in _plain_weekdays(weekdays))


def _plain_days(text: str) -> Iterator[str]:
    numbers = _numbers(_DAY, text)
    if numbers:
        yield _join(numbers)
    elif text in _LAST:
        yield _LAST[text]
    elif re.fullmatch(r"\d+W", text):
        yield f"{int(text[:-1])}W"


def _plain_weekdays(text: str) -> Iterator[str]:
    numbers: set[int] = set()
    for item in text.split(","):
        special = re.fullmatch(r"(\w+?)(L|#\d)", item)
        if special is None:
            numbers |= _weekday_numbers(item)
            continue
        weekday = int(_WEEKDAY.number(special[1])) % 7
        yield f"L{weekday}" if special[2] == "L" else f"{weekday}{special[2]}"
    if numbers:
        yield _join(numbers)


def _weekday_numbers(item: str) -> set[int]:
    item = _turned(_WEEKDAY.number(item))
    # Upstream counts Sunday as 7 where the text has a 7, else as 0: FRI-SUN ends on Saturday.
    absent = 0 if "7" in item else 7
    return {number % 7 for number in _item_numbers(_WEEKDAY, item) if number != absent}


def _join(numbers: Collection[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
