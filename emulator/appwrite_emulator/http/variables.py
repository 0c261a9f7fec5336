"""The doors of a function's variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..models import Variable
from ..query import Query
from ..services import variables as service
from ..services.variables import Variables
from . import render
from .body import read_body
from .functions import READ, WRITE
from .listing import UNSEARCHED, read_listing
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request, Version
from .route import Operation, Route
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


_LISTS = Operation("functions.listVariables", UNSEARCHED, model="variableList")
_GETS = Operation("functions.getVariable", model="variable")
_DELETES = Operation("functions.deleteVariable", status=204)


@dataclass(frozen=True, slots=True)
class VariableDoors:
    """Create, list, get, update and delete variables."""

    variables: Variables

    def routes(self) -> Iterator[Route]:
        path = "/v1/functions/{functionId}/variables"
        one = path + "/{variableId}"
        event = "variables.[variableId]"
        yield Route("POST", path, self.create, WRITE, _creates, event=f"{event}.create")
        yield Route("GET", path, self.list, READ, _LISTS)
        yield Route("GET", one, self.get, READ, _GETS)
        yield Route("PUT", one, self.update, WRITE, _updates, event=f"{event}.update")
        yield Route("DELETE", one, self.delete, WRITE, _DELETES, event=f"{event}.delete")

    async def create(self, request: Request) -> Reply:
        rules = _creates(request.format).params
        values = {"secret": False, **read(rules, await read_body(request))}
        variable = self.variables.create(
            request.caller.project, request.path_params["functionId"], values["variableId"], values
        )
        _tell(variable, request)
        return json_reply(self._wire(variable, request), 201)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES, searchable=False)
        if b"queries" not in request.query and request.is_older((1, 9, 4)):
            listing = replace(listing, query=Query(limit=_ALL))
        found, total = self.variables.page(
            request.caller.project, request.path_params["functionId"], listing
        )
        format = request.format
        items = [render.variable(variable, format, in_list=True) for variable in found]
        return json_reply(render.listing("variables", items, total), 200)

    async def get(self, request: Request) -> Reply:
        return json_reply(self._wire(self.variables.get(*self._place(request)), request), 200)

    async def update(self, request: Request) -> Reply:
        rules = _updates(request.format).params
        values = read(rules, await read_body(request))
        variable = self.variables.update(*self._place(request), values)
        _tell(variable, request)
        return json_reply(self._wire(variable, request), 200)

    async def delete(self, request: Request) -> Reply:
        variable = self.variables.get(*self._place(request))
        self.variables.delete(*self._place(request))
        _tell(variable, request)
        return Reply(204)

    def _place(self, request: Request) -> tuple[str, str, str]:
        path = request.path_params
        return request.caller.project, path["functionId"], path["variableId"]

    def _wire(self, variable: Variable, request: Request) -> render.Wire:
        return render.variable(variable, request.format)


def _tell(variable: Variable, request: Request) -> None:
    """Appwrite 1.6.2 tells nobody of variables, 1.9.6 does."""
    if request.server == "1.9":
        request.happened(lambda format: render.variable(variable, format), variableId=variable.id)


def _creates(format: Version) -> Operation:
    params = _NEW if _is_plain(format) else (*_NEW, Param("secret", Boolean(), True))
    return Operation("functions.createVariable", params, 201, "variable")


def _updates(format: Version) -> Operation:
    params = _PLAIN_CHANGES if _is_plain(format) else _CHANGES
    return Operation("functions.updateVariable", params, model="variable")


def _is_plain(format: Version) -> bool:
    """Clients from before 1.7.0 know no secret variables."""
    return format < (1, 7, 0)
