"""The commands `clock show|advance|set|freeze|resume` with their help."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

import click

from ..clock import machine_time, parse_moment
from .whereabouts import Whereabouts, json_option, running_options

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_NEAR = 1.0  # seconds that do not count as a difference
_EPILOG = """The clock is that of a running emulator: dates, schedules, and the end of sessions,
tokens and retention follow it. Time-outs, and how long executions take, are real. A new start
begins with the machine's time.

\b
Examples:
  appwrite-emulator clock                    what time it is, and what is due next
  appwrite-emulator clock advance 24h        let a day pass, with all that is due
  appwrite-emulator clock set 2026-03-01T12:00Z
  appwrite-emulator clock freeze             hold it, until `clock resume`
  appwrite-emulator clock set now            back to the machine's time"""


class _Duration(click.ParamType[Any]):
    """A time such as 1d12h, as the parameters of the control API."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        pieces = re.findall(r"(\d+(?:\.\d+)?)([dhms])", value)
        names = [_UNITS[unit] for _, unit in pieces]
        if not pieces or "".join(map("".join, pieces)) != value or len({*names}) < len(names):
            self.fail(f"{value!r} is no time like 90m, 24h, 1d12h or 30s", param, ctx)
        return {name: float(amount) for name, (amount, _) in zip(names, pieces, strict=True)}


class _Moment(click.ParamType[datetime]):
    """A date and time in ISO 8601, or `now`."""

    name = "moment"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        try:
            return machine_time() if value == "now" else parse_moment(value)
        except ValueError as exc:
            self.fail(f"{exc}, and not now", param, ctx)


_timeout = click.option(
    "--timeout",
    type=click.FloatRange(0, 3600),
    default=30.0,
    metavar="SECONDS",
    help="How long to wait, whenever something was due, until it has ended. [default: 30]",
)


@click.group(
    invoke_without_command=True,
    short_help="Tell or move the time of a running emulator.",
    epilog=_EPILOG,
)
@running_options
@json_option
@click.pass_context
def clock(context: click.Context, *, where: Whereabouts, as_json: bool) -> None:
    """Tell or move the time of a running emulator."""
    directory, address, key = where
    given = {"directory": directory, "address": address, "key": key, "as_json": as_json}
    if context.invoked_subcommand is None:
        context.invoke(show, **given)
    context.default_map = dict.fromkeys(clock.commands, given)


@clock.command(epilog=_EPILOG)
@running_options
@json_option
def show(*, where: Whereabouts, as_json: bool) -> None:
    """Tell the time, how far it is from the machine's, and what is due next."""
    told = _ask(where, "GET", "/clock")
    _print(told, _clock_lines(told), as_json=as_json)


class _Forward(click.Command):
    """Takes a negative time for what it is, not for an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for text in takewhile("--".__ne__, args):
            if re.fullmatch(r"-[\d.dhms]*\d[dhms]", text):
                refused = f"The clock advances forward only, not by {text}. `clock set` goes back."
                raise click.UsageError(refused, ctx)
        return super().parse_args(ctx, args)


@clock.command(cls=_Forward, epilog=_EPILOG)
@click.argument("duration", type=_Duration())
@running_options
@_timeout
@json_option
def advance(
    duration: Mapping[str, float],
    *,
    where: Whereabouts,
    timeout: float,
    as_json: bool,
) -> None:
    """Let DURATION pass, such as 90m, 24h, 1d12h or 30s.

    All that is due on the way happens in its order, each thing when the one before has ended.
    Ctrl-C stops the clock where it has come to.
    """
    told = _ask(where, "POST", "/clock/advance", **duration, timeout=timeout)
    _print(told, _journey_lines(told), as_json=as_json)


@clock.command("set", epilog=_EPILOG)
@click.argument("moment", type=_Moment())
@running_options
@_timeout
@json_option
def set_(
    moment: datetime,
    *,
    where: Whereabouts,
    timeout: float,
    as_json: bool,
) -> None:
    """Set the clock to MOMENT, forward or back: ISO 8601, UTC without an offset, or `now`.

    What has become due happens once; runs of schedules in between are left out. A clock that
    stands still goes on doing so until `clock resume`.
    """
    told = _ask(where, "POST", "/clock/set", time=moment.isoformat(), timeout=timeout)
    _print(told, _journey_lines(told), as_json=as_json)


@clock.command(epilog=_EPILOG)
@click.argument("moment", type=_Moment(), required=False)
@running_options
@json_option
def freeze(
    moment: datetime | None,
    *,
    where: Whereabouts,
    as_json: bool,
) -> None:
    """Let the clock stand still, at MOMENT if it is given."""
    at = {"time": moment.isoformat()} if moment else {}
    told = _ask(where, "POST", "/clock/freeze", **at)
    _print(told, _clock_lines(told), as_json=as_json)


@clock.command(epilog=_EPILOG)
@running_options
@json_option
def resume(*, where: Whereabouts, as_json: bool) -> None:
    """Let the clock run on from where it stands."""
    told = _ask(where, "POST", "/clock/resume")
    _print(told, _clock_lines(told), as_json=as_json)


def _ask(where: Whereabouts, method: str, path: str, **params: Any) -> Any:
    from .driving import explained
    from .running import Running

    with explained():
        return Running.find(where).ask(method, path, **params)


def _print(told: Any, lines: Iterator[str], *, as_json: bool) -> None:
    from .report import show

    show(told, lines, as_json=as_json)


def _clock_lines(told: Mapping[str, Any]) -> Iterator[str]:
    offset = timedelta(seconds=told["offset"])
    place = "the machine's time"
    if abs(told["offset"]) >= _NEAR:
        side = "ahead of" if told["offset"] > 0 else "behind"
        place = f"{timedelta(seconds=round(abs(offset).total_seconds()))} {side} the machine's time"
    yield f"{told['now']}, {place}{', standing still' if told['frozen'] else ''}"
    timers = told["timers"]
    yield from (f"  {each['at']}  {each['timer']}" for each in timers["next"])
    if more := timers["total"] - len(timers["next"]):
        yield f"  and {more} more"


def _journey_lines(told: Mapping[str, Any]) -> Iterator[str]:
    yield f"{told['from']} to {told['to']}"
    titled = (("due", "timers"), ("left out", "leftOut"), ("ended", "works"))
    for title, counts in ((title, told[key]) for title, key in titled):
        if counts:
            yield f"  {title}: " + ", ".join(f"{kind} {count}" for kind, count in counts.items())
