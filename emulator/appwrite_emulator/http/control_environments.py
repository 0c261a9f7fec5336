"""The door that tells which variables a function gets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..services.environments import Environments
from .app import CONTROL
from .control_params import read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Route
from .validators import Boolean, EmptyOr, Uid

_PARAMS = (
    Param("function", Uid()),
    Param("project", EmptyOr(Uid()), ""),
    Param("values", Boolean(loose=True), False),
)


@dataclass(frozen=True, slots=True)
class EnvironmentDoors:
    """List a function's variables with where they come from."""

    environments: Environments

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/variables", self.list)

    async def list(self, request: Request) -> Reply:
        values = await read_params(request, *_PARAMS)
        found = self.environments.of(values["function"], values["project"])
        return json_reply(found.to_json(values=values["values"]), 200)
