"""The doors of API keys: of the project that calls, or of one that the console names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..errors import ApiError
from ..models import CONSOLE
from ..people import ApiKey
from ..query import Query
from ..services import api_keys as service
from ..services.api_keys import ApiKeys
from ..services.console import Console
from ..services.records import Listing
from . import render_console
from .body import read_body
from .listing import LIST, read_listing
from .params import Param, read
from .render import Wire, listing
from .reply import Reply, json_reply
from .request import Request, Version
from .route import Door, Operation, Route
from .validators import CustomId, Date, Nullable, Range, Text, scopes

READ = ("keys.read",)
WRITE = ("keys.write",)
_JWT = ("keys.write", "projects.write")  # 1.9, 1.6

_OF_PROJECT = "/v1/projects/{projectId}/keys"
_EVENTS = {
    "POST": "keys.[keyId].create",
    "PUT": "keys.[keyId].update",
    "DELETE": "keys.[keyId].delete",
}
_ALL = 5000  # keys that a list without queries has
_CHANGES = (
    Param("name", Text(128)),
    Param("scopes", scopes()),
    Param("expire", Nullable(Date()), ""),
)
_NEW = (Param("keyId", CustomId()), *_CHANGES)
_NEW_193 = (  # before 1.9.3
    Param("keyId", CustomId(), "unique()"),
    Param("name", Text(128)),
    Param("scopes", scopes(), ()),
    Param("expire", Nullable(Date()), ""),
)
_EPHEMERAL = (Param("scopes", scopes()), Param("duration", Range(1, 3600), 900))
_EPHEMERAL_16 = (Param("scopes", scopes()), Param("duration", Range(0, 3600), 900))


@dataclass(frozen=True, slots=True)
class ApiKeyDoors:
    """Create, list, get, update and delete keys; issue ephemeral ones."""

    console: Console
    api_keys: ApiKeys

    def routes(self) -> Iterator[Route]:
        jwt = Operation("projects.createJWT", _EPHEMERAL_16, 201, "ephemeralKey")
        yield Route("POST", "/v1/projects/{projectId}/jwts", self.create_ephemeral, _JWT, jwt)
        key = Operation("project.createEphemeralKey", _EPHEMERAL, 201, "ephemeralKey")
        made, all = _EVENTS["POST"], "/v1/project/keys"
        yield Route("POST", all + "/ephemeral", self.create_ephemeral, WRITE, key, event=made)
        standard = Operation("project.createStandardKey", _NEW, 201, "key")
        yield Route("POST", all + "/standard", self.create, WRITE, standard, event=made)
        for path, name in ((all, "project"), (_OF_PROJECT, "projects")):
            yield from self._keys(path, name)

    def _keys(self, path: str, name: str) -> Iterator[Route]:
        def row(method: str, path: str, door: Door, operation: Operation) -> Route:
            scopes = READ if method == "GET" else WRITE
            event = _EVENTS.get(method, "") if name == "project" else ""
            return Route(method, path, door, scopes, operation, event=event)

        one = path + "/{keyId}"
        yield row("POST", path, self.create, Operation(f"{name}.createKey", _NEW, 201, "key"))
        yield row("GET", path, self.list, Operation(f"{name}.listKeys", LIST, model="keyList"))
        yield row("GET", one, self.get, Operation(f"{name}.getKey", model="key"))
        yield row("PUT", one, self.update, Operation(f"{name}.updateKey", _CHANGES, model="key"))
        yield row("DELETE", one, self.delete, Operation(f"{name}.deleteKey", status=204))

    async def create(self, request: Request) -> Reply:
        project = self._project(request)
        is_older = request.is_older((1, 9, 3))
        values = read(_NEW_193 if is_older else _NEW, await read_body(request))
        id = values.pop("keyId")
        return _changed(self.api_keys.create(project, id, values), request, status=201)

    async def create_ephemeral(self, request: Request) -> Reply:
        project = self._project(request)
        era = request.era
        values = read(_EPHEMERAL if era == "1.9" else _EPHEMERAL_16, await read_body(request))
        key = self.api_keys.create_ephemeral(project, values["scopes"], values["duration"])
        request.happened(lambda format: _ephemeral(replace(key, secret=""), format), keyId=key.id)
        return json_reply(_ephemeral(key, request.format), 201)

    async def list(self, request: Request) -> Reply:
        project = self._project(request)
        wanted = read_listing(request, service.ATTRIBUTES)
        if not request.query:
            wanted = Listing(Query(limit=_ALL))
        found, total = self.api_keys.page(project, wanted)
        return json_reply(listing("keys", map(render_console.key, found), total), 200)

    async def get(self, request: Request) -> Reply:
        key = self.api_keys.get(self._project(request), request.path_params["keyId"])
        return json_reply(render_console.key(key), 200)

    async def update(self, request: Request) -> Reply:
        project = self._project(request)
        values = read(_CHANGES, await read_body(request))
        key = self.api_keys.update(project, request.path_params["keyId"], values)
        return _changed(key, request)

    async def delete(self, request: Request) -> Reply:
        key = self.api_keys.get(self._project(request), request.path_params["keyId"])
        self.api_keys.delete(key.project, key.id)
        _tell(key, request)
        return Reply(204)

    def _project(self, request: Request) -> str:
        """Whose keys: the path's, which the console may name and the project itself, or the
        caller's."""
        caller = request.caller.project
        named = request.path_params.get("projectId", caller)
        if caller not in (CONSOLE, named):
            raise ApiError("general_access_forbidden")
        return self.console.get(named).id


def _ephemeral(key: ApiKey, format: Version) -> Wire:
    return render_console.key_as_jwt(key) if format < (1, 9, 3) else render_console.key(key)


def _changed(key: ApiKey, request: Request, *, status: int = 200) -> Reply:
    _tell(key, request)
    return json_reply(render_console.key(key), status)


def _tell(key: ApiKey, request: Request) -> None:
    """Of a key, but not its secret."""
    request.happened(lambda format: render_console.key(replace(key, secret="")), keyId=key.id)
