"""The door that tells where the debuggers of functions are, and how an editor attaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..services.inspections import Inspections
from .app import CONTROL
from .control_params import read_params
from .reply import Reply, json_reply
from .request import Request
from .route import Route


@dataclass(frozen=True, slots=True)
class InspectionDoors:
    """Tell of the functions that run under a debugger."""

    inspections: Inspections

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/inspections", self.list)

    async def list(self, request: Request) -> Reply:
        await read_params(request)
        found = [state.to_json() for state in self.inspections.states()]
        return json_reply({"total": len(found), "inspections": found}, 200)
