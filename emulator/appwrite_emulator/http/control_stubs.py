"""The doors of stubs: declare answers for calls, and see what was called."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError
from ..near import meant
from ..services.stubs import Criteria, Exactly, Stub, StubRefused, StubReply, Stubs, StubUnknown
from .app import CONTROL
from .control_params import read_params
from .params import Param
from .reply import Reply, json_reply
from .request import Request
from .route import Route
from .validators import Boolean, EmptyOr, Uid

_KINDS = ("json", "text", "base64", "error", "empty")
_COMMON = ("status", "headers", "delay")
_REPLY_KEYS = (*_KINDS, *_COMMON, "message")


@dataclass(frozen=True, slots=True)
class _Anything:
    """Any value: what stubs are made of says itself what it refuses."""

    text: str = "Value must be JSON"

    def clean(self, value: Any) -> Any:
        return value


_ANYTHING = _Anything()
_PROJECT = Param("project", EmptyOr(Uid()), "")
_PARAMS = (
    Param("path", _ANYTHING, None),
    Param("pattern", _ANYTHING, None),
    Param("method", _ANYTHING, "GET"),
    Param("query", _ANYTHING, None),
    Param("json", _ANYTHING, None),
    Param("exact", Boolean(loose=True), False),
    Param("body", _ANYTHING, None),
    Param("headers", _ANYTHING, None),
    Param("by", _ANYTHING, None),
    Param("replies", _ANYTHING, None),
    Param("times", _ANYTHING, None),
    Param("id", _ANYTHING, ""),
    _PROJECT,
)


@dataclass(frozen=True, slots=True)
class StubDoors:
    """Declare stubs, list them with their calls, remove them."""

    stubs: Stubs

    def routes(self) -> Iterator[Route]:
        place = f"{CONTROL}/stubs"
        yield Route("POST", place, self.declare)
        yield Route("GET", place, self.list)
        yield Route("DELETE", f"{place}/{{id}}", self.delete)
        yield Route("DELETE", place, self.clear)

    async def declare(self, request: Request) -> Reply:
        values = await read_params(request, *_PARAMS)
        try:
            stub = _stub(values, values["project"] or self.stubs.project)
        except StubRefused as exc:
            raise ApiError("general_argument_invalid", str(exc)) from exc
        self.stubs.declare(stub)
        return json_reply(stub.to_json(), 201)

    async def list(self, request: Request) -> Reply:
        project = (await read_params(request, _PROJECT))["project"]
        stubs = self.stubs.all(project)
        told = {
            "total": len(stubs),
            "stubs": [self._told(stub) for stub in stubs],
            "calls": [call.to_json() for call in self.stubs.calls(project)],
            "unmatched": [each.to_json() for each in self.stubs.unmatched(project)],
        }
        return json_reply(told, 200)

    async def delete(self, request: Request) -> Reply:
        project = (await read_params(request, _PROJECT))["project"]
        id = request.path_params["id"]
        try:
            self.stubs.remove(id, project)
        except StubUnknown as exc:
            raise ApiError("emulator_stub_not_found", str(exc)) from exc
        return json_reply({"stub": id}, 200)

    async def clear(self, request: Request) -> Reply:
        project = (await read_params(request, _PROJECT))["project"]
        removed = len(self.stubs.all(project))
        self.stubs.clear(project)
        return json_reply({"project": project or None, "removed": removed}, 200)

    def _told(self, stub: Stub) -> dict[str, Any]:
        calls = self.stubs.calls(stub.project, stub.id)
        return {**stub.to_json(), "calls": [call.to_json() for call in calls]}


def _stub(values: Mapping[str, Any], project: str) -> Stub:
    """The stub that a body declares. Raises StubRefused."""
    json = values["json"]
    criteria = Criteria(
        query=values["query"],
        json=Exactly(json) if values["exact"] and json is not None else json,
        body=values["body"],
        headers=values["headers"],
        by=values["by"],
    )
    stub = Stub.declared(project, values["method"], _path(values), criteria, id=values["id"])
    replies = values["replies"]
    if not isinstance(replies, list) or not replies:
        raise StubRefused(
            f'replies is {replies!r}, and must be a list of one or more: [{{"json": {{}}}}].'
        )
    made = [_reply(reply, f"replies[{number}]") for number, reply in enumerate(replies)]
    return stub.replying(*made).limited(values["times"])


def _path(values: Mapping[str, Any]) -> object:
    path, pattern = values["path"], values["pattern"]
    if (path is None) == (pattern is None):
        raise StubRefused("Give either path, such as '/databases/*', or pattern.")
    if pattern is None:
        return path
    try:
        return re.compile(pattern)
    except (re.error, TypeError) as exc:
        raise StubRefused(f"pattern {pattern!r} is no regular expression: {exc}.") from exc


def _reply(given: Any, place: str) -> StubReply:
    """One reply as JSON says it: its kind and what goes with it."""
    if not isinstance(given, dict):
        raise StubRefused(f"{place} is {given!r}, and must be an object.")
    for name in given:
        if name not in _REPLY_KEYS:
            hint = meant(name, _REPLY_KEYS)
            raise StubRefused(f"{place} has no {name!r}: {', '.join(_REPLY_KEYS)}. {hint}".rstrip())
    kinds = [kind for kind in _KINDS if kind in given]
    if len(kinds) != 1:
        raise StubRefused(f"{place} must have one of {', '.join(_KINDS)}, and has {len(kinds)}.")
    if "message" in given and kinds != ["error"]:
        raise StubRefused(f"{place} has a message, which only an error has.")
    return _of_kind(kinds[0], given, place)


def _of_kind(kind: str, given: dict[str, Any], place: str) -> StubReply:
    common = {name: given[name] for name in _COMMON if name in given}
    match kind:
        case "json":
            return StubReply.json(given["json"], **common)
        case "text":
            return StubReply.text(given["text"], **common)
        case "base64":
            return StubReply.bytes(_decoded(given["base64"], place), **common)
        case "error":
            if "headers" in common:
                raise StubRefused(f"{place} is an error, whose headers are Appwrite's.")
            return StubReply.error(given["error"], given.get("message"), **common)
    return StubReply.empty(**common)


def _decoded(text: Any, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error) as exc:
        raise StubRefused(f"{place}.base64 is no text in base64: {exc}.") from exc
