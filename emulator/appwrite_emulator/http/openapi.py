"""The API as an OpenAPI document, made from the routes that answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ..config import Config
from . import schema
from .app import CONTROL
from .control_params import read_params
from .params import REQUIRED, Param
from .reply import Reply, json_reply
from .request import Request, Version, format_of
from .route import Operation, Route
from .schema import Json
from .validators import WhiteList

BASE = "/v1"

_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_FORMAT = Param("format", WhiteList(("1.6", "1.9")), "")
_BINARY = {"type": "string", "format": "binary"}
_CREDENTIALS = {
    "Project": "X-Appwrite-Project",
    "Key": "X-Appwrite-Key",
    "JWT": "X-Appwrite-JWT",
    "Session": "X-Appwrite-Session",
}


@dataclass(frozen=True, slots=True)
class DescriptionDoor:
    """What the API is, for programs."""

    config: Config
    described: Sequence[Route]

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/openapi.json", self.describe)

    async def describe(self, request: Request) -> Reply:
        era = (await read_params(request, _FORMAT))["format"] or self.config.appwrite
        return json_reply(describe(self.described, format_of(b"", era)), 200)


def describe(routes: Iterable[Route], format: Version) -> Json:
    """The OpenAPI document of `routes` for clients that want `format`."""
    paths: dict[str, Json] = {}
    models = {"error"}
    names: set[str] = set()
    for route in routes:
        operation = route.described(format)
        if operation is None or not route.path.startswith(f"{BASE}/"):
            continue
        path = paths.setdefault(_PLACE.sub(r"{\1}", route.path.removeprefix(BASE)), {})
        path[route.method.lower()] = _operation(route, operation, names)
        models |= {operation.model} - {"", "file"}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Appwrite Emulator", "version": ".".join(map(str, format))},
        "servers": [{"url": BASE}],
        "paths": paths,
        "components": {
            "schemas": schema.of_models(models, format),
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": header}
                for name, header in _CREDENTIALS.items()
            },
        },
    }


def _operation(route: Route, operation: Operation, names: set[str]) -> Json:
    group, _, action = operation.name.partition(".")
    name = group + action[:1].upper() + action[1:]
    alias = {} if name not in names else {"deprecated": True}
    while name in names:
        name += "Alias"
    names.add(name)
    security: list[Json] = [{"Project": [], kind: []} for kind in ("Key", "JWT", "Session")]
    return {
        "operationId": name,
        "tags": [group],
        **alias,
        **({"x-scopes": list(route.scopes), "security": security} if route.scopes else {}),
        **_input(route, operation),
        "responses": _responses(operation),
    }


def _input(route: Route, operation: Operation) -> Json:
    in_query = route.method == "GET"
    given = [(name, "path", Param(name, route.place)) for name in _PLACE.findall(route.path)]
    given += [(param.name, "query", param) for param in operation.params if in_query]
    parameters = [
        {
            "name": name,
            "in": place,
            "required": param.default is REQUIRED,
            "schema": schema.of_param(param),
        }
        for name, place, param in given
    ]
    body = {} if in_query else _body(operation)
    return {**({"parameters": parameters} if parameters else {}), **body}


def _body(operation: Operation) -> Json:
    file = [operation.file] if operation.file else []
    properties = {param.name: schema.of_param(param) for param in operation.params}
    properties |= dict.fromkeys(file, _BINARY)
    if not properties:
        return {}
    required = [param.name for param in operation.params if param.default is REQUIRED] + file
    content = {"type": "object", "properties": properties}
    if required:
        content["required"] = required
    kind = "multipart/form-data" if file else "application/json"
    return {"requestBody": {"required": bool(required), "content": {kind: {"schema": content}}}}


def _responses(operation: Operation) -> Json:
    match operation.model:
        case "":
            content = {}
        case "file":
            content = {"content": {"application/gzip": {"schema": _BINARY}}}
        case model:
            content = _json(model)
    statuses = [operation.status, *filter(None, [operation.other_status])]
    replies = {str(status): {"description": "Done.", **content} for status in statuses}
    return {**replies, "default": {"description": "Refused.", **_json("error")}}


def _json(model: str) -> Json:
    return {"content": {"application/json": {"schema": schema.reference(model)}}}
