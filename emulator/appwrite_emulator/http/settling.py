"""Waiting until all is quiet, for doors whose callers want to know what came of it."""

from __future__ import annotations

from ..errors import ApiError
from ..services.control import Control
from ..services.under_way import NotSettled, Work


async def settled(control: Control, seconds: float) -> list[Work]:
    """Wait at most so long until nothing is pending; what was waited for.

    Raises ApiError emulator_not_settled.
    """
    try:
        return await control.settle(seconds)
    except NotSettled as exc:
        raise ApiError("emulator_not_settled", str(exc)) from exc
