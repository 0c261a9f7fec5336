"""The door of events that somebody makes up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError
from ..events import EventRefused
from ..services.control import Control
from ..services.injection import Injection
from .app import CONTROL
from .control_params import Seconds, read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Route
from .settling import settled
from .validators import EmptyOr, Text, Uid


@dataclass(frozen=True, slots=True)
class _Payload:
    """A JSON object, or its text."""

    text: str = "Value must be a JSON object"

    def clean(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except (ValueError, RecursionError) as exc:
                raise ValueError(f"{self.text}: {exc}") from exc
        if not isinstance(value, dict):
            raise ValueError(self.text)
        return value


_PARAMS = (
    Param("event", Text(2048)),
    Param("payload", _Payload(), None),
    Param("user", EmptyOr(Uid()), ""),
    Param("project", EmptyOr(Uid()), ""),
    Param("wait", Seconds(3600), None),
)


@dataclass(frozen=True, slots=True)
class EventDoors:
    """Make up an event, and wait for what comes of it."""

    injection: Injection
    control: Control

    def routes(self) -> Iterator[Route]:
        yield Route("POST", f"{CONTROL}/trigger/event", self.fire)

    async def fire(self, request: Request) -> Reply:
        values = await read_params(request, *_PARAMS)
        user, project = values["user"], values["project"]
        try:
            fired = self.injection.fire(
                values["event"], values["payload"], user=user, project=project
            )
        except EventRefused as exc:
            raise ApiError("general_argument_invalid", str(exc)) from exc
        if values["wait"] is None:
            return json_reply(fired.to_json(), 202)
        await settled(self.control, values["wait"])
        return json_reply(
            {**fired.to_json(), "executions": await self.injection.outcomes(fired)}, 200
        )
