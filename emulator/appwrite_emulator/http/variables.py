"""The doors of a function's variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..config import Config
from ..models import Variable
from ..query import Query
from ..services import variables as service
from ..services.variables import Variables
from . import render
from .body import read_body
from .functions import READ, WRITE
from .listing import read_listing
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request, effective_format
from .route import Route
from .validators import Boolean, CustomId, Nullable, Text

_ALL = 1000  # variables that a list without queries has for clients from before queries
_NEW = (
    Param("variableId", CustomId(), "unique()"),
    Param("key", Text(255)),
    Param("value", Text(8192, 0)),
)
_CHANGES = (
    Param("key", Nullable(Text(255, 0)), None),
    Param("value", Nullable(Text(8192, 0)), None),
    Param("secret", Nullable(Boolean()), None),
)
_PLAIN_CHANGES = (Param("key", Text(255)), Param("value", Text(8192, 0), None))


@dataclass(frozen=True, slots=True)
class VariableDoors:
    """Create, list, get, update and delete variables."""

    config: Config
    variables: Variables

    def routes(self) -> Iterator[Route]:
        path = "/v1/functions/{functionId}/variables"
        yield Route("POST", path, self.create, WRITE)
        yield Route("GET", path, self.list, READ)
        yield Route("GET", path + "/{variableId}", self.get, READ)
        yield Route("PUT", path + "/{variableId}", self.update, WRITE)
        yield Route("DELETE", path + "/{variableId}", self.delete, WRITE)

    async def create(self, request: Request) -> Reply:
        rules = _NEW if self._is_plain(request) else (*_NEW, Param("secret", Boolean(), True))
        values = {"secret": False, **read(rules, await read_body(request))}
        variable = self.variables.create(
            request.caller.project, request.path_params["functionId"], values["variableId"], values
        )
        return json_reply(self._wire(variable, request), 201)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES, searchable=False)
        if b"queries" not in request.query and request.is_older((1, 9, 4), self.config.appwrite):
            listing = replace(listing, query=Query(limit=_ALL))
        found, total = self.variables.page(
            request.caller.project, request.path_params["functionId"], listing
        )
        format = effective_format(request.format, self.config.appwrite)
        items = [render.variable(variable, format, in_list=True) for variable in found]
        return json_reply(render.listing("variables", items, total), 200)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self.variables.get(*self._place(request)), request), 200)

    async def update(self, request: Request) -> Reply:
        rules = _PLAIN_CHANGES if self._is_plain(request) else _CHANGES
        values = read(rules, await read_body(request))
        variable = self.variables.update(*self._place(request), values)
        return json_reply(self._wire(variable, request), 200)

    async def delete(self, request: Request) -> Reply:
        self.variables.delete(*self._place(request))
        return Reply(204)

    def _place(self, request: Request) -> tuple[str, str, str]:
        path = request.path_params
        return request.caller.project, path["functionId"], path["variableId"]

    def _is_plain(self, request: Request) -> bool:
        """Clients from before 1.7.0 know no secret variables."""
        return request.is_older((1, 7, 0), self.config.appwrite)

    def _wire(self, variable: Variable, request: Request) -> render.Wire:
        return render.variable(variable, effective_format(request.format, self.config.appwrite))
