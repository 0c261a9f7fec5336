"""The doors of schedules: what runs by itself and when, and to run it now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import ApiError
from ..models import Caller
from ..services.control import Control
from ..services.executions import Executions
from ..services.schedules import Schedules, ScheduleUnknown
from . import render
from .app import CONTROL
from .control_params import Seconds, read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Route
from .settling import settled
from .validators import EmptyOr, Uid

_PROJECT = Param("project", EmptyOr(Uid()), "")
_PARAMS = (Param("function", Uid()), _PROJECT, Param("wait", Seconds(3600), None))


@dataclass(frozen=True, slots=True)
class ScheduleDoors:
    """List the functions that have a schedule, and run one of them now."""

    schedules: Schedules
    executions: Executions
    control: Control

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/schedules", self.list)
        yield Route("POST", f"{CONTROL}/trigger/schedule", self.trigger)

    async def list(self, request: Request) -> Reply:
        project = (await read_params(request, _PROJECT))["project"]
        outlooks = [outlook.to_json() for outlook in self.schedules.outlooks(project)]
        return json_reply({"total": len(outlooks), "schedules": outlooks}, 200)

    async def trigger(self, request: Request) -> Reply:
        values = await read_params(request, *_PARAMS)
        try:
            execution = self.schedules.trigger(values["function"], values["project"])
        except ScheduleUnknown as exc:
            raise ApiError("emulator_schedule_not_found", str(exc)) from exc
        if values["wait"] is None:
            return json_reply(render.execution(execution, ("", ""), request.format), 202)
        await settled(self.control, values["wait"])
        us = Caller(execution.project, is_privileged=True)
        execution = self.executions.get(us, execution.function_id, execution.id)
        texts = await self.executions.texts(execution)
        return json_reply(render.execution(execution, texts, request.format), 200)
