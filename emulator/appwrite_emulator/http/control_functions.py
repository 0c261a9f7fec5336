"""The door of functions as the emulator knows them: how each is doing, and where its code is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..services.standings import Standings
from .app import CONTROL
from .control_params import read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Route
from .validators import EmptyOr, Uid

_PROJECT = Param("project", EmptyOr(Uid()), "")


@dataclass(frozen=True, slots=True)
class FunctionListDoor:
    """List functions."""

    standings: Standings

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/functions", self.list)

    async def list(self, request: Request) -> Reply:
        project = (await read_params(request, _PROJECT))["project"]
        functions = [standing.to_json() for standing in self.standings.all(project)]
        builds = str(self.standings.builds)
        told = {"total": len(functions), "functions": functions, "builds": builds}
        return json_reply(told, 200)
