"""Cron expressions as Appwrite understands them; croniter finds the dates.

Appwrite evaluates them with PHP's dragonmantank/cron-expression, whose language differs from
croniter's. So each field is checked as PHP does and rewritten to plain numbers, and the
expression becomes several alternatives of which the earliest date counts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from croniter import CroniterBadDateError, croniter


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
_WEEKDAY = _Field(0, 7, _DAYS, special=r"\?|(?i:[0-7]|MON|TUE|WED|THU|FRI|SAT|SUN)(L|#[1-5])")
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
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def is_valid(expression: str) -> bool:
    """Whether `expression` has five proper fields, or is an alias, and will ever run.

    An empty expression is none; that it stands for "no schedule" is for the caller to say.
    Source: Appwrite 1.9.6, except that `LW` is the last weekday of
    the month: upstream finds senseless dates for it.
    """
    return next_after(expression, _EPOCH) is not None


def next_after(expression: str, moment: datetime) -> datetime | None:
    """The first full minute after `moment` at which `expression` runs, in UTC.

    None when the expression is invalid or never runs, such as `0 0 30 2 *`.
    """
    return min(_dates(expression, croniter.get_next, moment), default=None)


def last_before(expression: str, moment: datetime) -> datetime | None:
    """The last full minute before that of `moment` at which `expression` ran, in UTC, or None."""
    minute = moment.replace(second=0, microsecond=0)
    return max(_dates(expression, croniter.get_prev, minute), default=None)


def _dates(expression: str, find: Callable[..., datetime], moment: datetime) -> Iterator[datetime]:
    for alternative in _alternatives(expression):
        with suppress(CroniterBadDateError):
            yield find(croniter(alternative, moment.astimezone(UTC)), datetime)


def _alternatives(expression: str) -> list[str]:
    """Plain expressions that together run when `expression` does; none when it is invalid."""
    fields = _ALIASES.get(expression.lower(), expression).split()
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
        is_step = re.fullmatch(r"[+-]?[1-9]\d{0,8}", step, re.ASCII) is not None
        return is_step and not span.isdecimal() and _is_field(field, span)
    if "-" in text:
        ends = text.split("-")
        return len(ends) == 2 and "*" not in ends and all(_is_field(field, end) for end in ends)
    if re.fullmatch(r"\+?\d{1,9}", text, re.ASCII):
        return field.low <= int(text) <= field.high
    return text == "*" or re.fullmatch(field.special, text) is not None


def _numbers(field: _Field, text: str) -> set[int]:
    """All numbers that a valid field stands for; its special letters stand for none."""
    return {number for item in text.split(",") for number in _item_numbers(field, item)}


def _item_numbers(field: _Field, item: str) -> Collection[int]:
    item = field.number(item)
    span, _, step = item.partition("/")
    if span == "*":
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
