"""The doors of the clock: read it, move it, let it stand still and run."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ..clock import parse_moment
from ..errors import ApiError
from ..services.calendar import Calendar, ClockFixed, MomentOutOfRange
from ..services.under_way import NotSettled
from .app import CONTROL
from .control_params import TIMEOUT, read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Route

_UNITS = ("days", "hours", "minutes", "seconds")
_MOST = 10_000_000_000  # seconds are 300 years
_EMPTY = "Say how far the clock is to advance: days, hours, minutes or seconds, or several of them."

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number of some unit of time, also as a text."""

    unit: str

    @property
    def text(self) -> str:
        return f"Value must be a number of {self.unit} between 0 and {_MOST:,}"

    def clean(self, value: Any) -> float:
        try:
            amount = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError) as exc:
            raise ValueError(self.text) from exc
        if not 0 <= amount <= _MOST:
            raise ValueError(self.text)
        return amount


@dataclass(frozen=True, slots=True)
class _Moment:
    """A date and time as ISO 8601 writes it; without an offset it is UTC."""

    text = "Value must be a date and time like 2026-03-01T12:00Z"

    def clean(self, value: Any) -> datetime:
        try:
            return parse_moment(value if isinstance(value, str) else "")
        except ValueError as exc:
            raise ValueError(self.text) from exc


_STEP = [Param(unit, _Amount(unit), None) for unit in _UNITS]


@dataclass(frozen=True, slots=True)
class ClockDoors:
    """The calendar over HTTP."""

    calendar: Calendar

    def routes(self) -> Iterator[Route]:
        place = f"{CONTROL}/clock"
        yield Route("GET", place, self.tell)
        yield Route("POST", f"{place}/advance", self.advance)
        yield Route("POST", f"{place}/set", self.set)
        yield Route("POST", f"{place}/freeze", self.freeze)
        yield Route("POST", f"{place}/resume", self.resume)

    async def tell(self, request: Request) -> Reply:
        await read_params(request)
        return json_reply(self.calendar.to_json(), 200)

    async def advance(self, request: Request) -> Reply:
        values = await read_params(request, *_STEP, TIMEOUT)
        step = {unit: values[unit] for unit in _UNITS if values[unit] is not None}
        if not step:
            raise ApiError("general_argument_invalid", _EMPTY)
        limit = values["timeout"]
        try:
            delta = timedelta(**step)
        except OverflowError:
            delta = timedelta.max
        journey = await request.attended(_explained(self.calendar.advance(delta, limit)))
        return json_reply(journey.to_json(), 200)

    async def set(self, request: Request) -> Reply:
        values = await read_params(request, Param("time", _Moment()), TIMEOUT)
        moving = self.calendar.set(values["time"], values["timeout"])
        journey = await request.attended(_explained(moving))
        return json_reply(journey.to_json(), 200)

    async def freeze(self, request: Request) -> Reply:
        values = await read_params(request, Param("time", _Moment(), None), TIMEOUT)
        moving = self.calendar.freeze(values["time"], values["timeout"])
        await request.attended(_explained(moving))
        return json_reply(self.calendar.to_json(), 200)

    async def resume(self, request: Request) -> Reply:
        await read_params(request)
        await _explained(self.calendar.resume())
        return json_reply(self.calendar.to_json(), 200)


async def _explained(moving: Awaitable[T]) -> T:
    """What `moving` returns. Raises ApiError for what keeps the clock from going there."""
    try:
        return await moving
    except NotSettled as exc:
        raise ApiError("emulator_not_settled", str(exc)) from exc
    except ClockFixed as exc:
        raise ApiError("emulator_clock_fixed", str(exc)) from exc
    except MomentOutOfRange as exc:
        raise ApiError("general_argument_invalid", str(exc)) from exc
