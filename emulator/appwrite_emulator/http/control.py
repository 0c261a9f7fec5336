"""The doors of the control API, `/_emulator/...`: what only an emulator has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from starlette.routing import compile_path

from ..config import Config
from ..errors import ApiError
from ..services.control import Control, SnapshotUnknown
from ..services.leftovers import Leftovers
from ..services.status import Status
from .app import CONTROL
from .control_params import TIMEOUT, read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Answer, Route
from .settling import settled
from .validators import Boolean, Text, Uid

_SNAPSHOT = Param("snapshot", Text(36))
_PROJECT = Param("project", Uid(), "")
_FRESH = Param("fresh", Boolean(loose=True), False)


class Doors(Protocol):
    """Some of the control API's doors."""

    def routes(self) -> Iterator[Route]:
        """Their routes, below `CONTROL`."""
        ...


@dataclass(frozen=True)
class ControlDoors:
    """Status, settle, snapshots, reset and maintenance; and what others of the control API do."""

    config: Config
    control: Control
    status: Status
    others: Sequence[Doors]

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/status", self.tell_status)
        yield Route("POST", f"{CONTROL}/settle", self.settle)
        yield Route("POST", f"{CONTROL}/snapshot", self.take_snapshot)
        yield Route("POST", f"{CONTROL}/restore", self.restore)
        yield Route("DELETE", f"{CONTROL}/snapshots/{{id}}", self.delete_snapshot)
        yield Route("POST", f"{CONTROL}/reset", self.reset)
        yield Route("POST", f"{CONTROL}/maintenance", self.maintain)
        for doors in self.others:
            yield from doors.routes()

    async def answer(self, request: Request) -> Answer:
        """Answer one request. Raises ApiError emulator_key_required, emulator_route_not_found."""
        self._require_key(request)
        method = "GET" if request.method == "HEAD" else request.method
        for pattern, route in self._routes:
            match = pattern.match(request.scope["path"])
            if match and route.method == method:
                request.path_params = match.groupdict()
                return await route.door(request)
        known = ", ".join(f"{route.method} {route.path}" for _, route in self._routes)
        here = f"{request.method} {request.scope['path']}"
        raise ApiError("emulator_route_not_found", f"There is no {here}. There are: {known}.")

    async def tell_status(self, request: Request) -> Reply:
        await read_params(request)
        return json_reply(await self.status.to_json(), 200)

    async def settle(self, request: Request) -> Reply:
        values = await read_params(request, TIMEOUT)
        works = await settled(self.control, values["timeout"])
        return json_reply({"waitedFor": [work.to_json() for work in works]}, 200)

    async def take_snapshot(self, request: Request) -> Reply:
        await read_params(request)
        return json_reply(self.control.snapshot().to_json(), 201)

    async def restore(self, request: Request) -> Reply:
        values = await read_params(request, _SNAPSHOT, _FRESH)
        id = values["snapshot"]
        try:
            left = await self.control.restore(id, fresh=values["fresh"])
        except SnapshotUnknown as exc:
            raise ApiError("emulator_snapshot_not_found", str(exc)) from exc
        return json_reply({"snapshot": id, **_told(left)}, 200)

    async def delete_snapshot(self, request: Request) -> Reply:
        await read_params(request)
        id = request.path_params["id"]
        try:
            await self.control.forget(id)
        except SnapshotUnknown as exc:
            raise ApiError("emulator_snapshot_not_found", str(exc)) from exc
        return json_reply({"snapshot": id}, 200)

    async def reset(self, request: Request) -> Reply:
        project = (await read_params(request, _PROJECT))["project"]
        left = await self.control.reset(project)
        return json_reply({"project": project or None, **_told(left)}, 200)

    async def maintain(self, request: Request) -> Reply:
        await read_params(request)
        removed = await self.control.maintain()
        return json_reply({"removed": removed.to_json()}, 200)

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], Route]]:
        return [(compile_path(route.path)[0], route) for route in self.routes()]

    def _require_key(self, request: Request) -> None:
        """Where not any key will do, only one that may do everything in all projects will."""
        secret = request.header("x-appwrite-key")
        if self.config.strict and secret not in self.config.full_keys:
            raise ApiError("emulator_key_required")


def _told(left: Leftovers) -> dict[str, Any]:
    return {"ended": [work.to_json() for work in left.works], "leftovers": left.to_json()}
