"""What holds for every reply of the API, whatever a test is about."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.routing import compile_path

from appwrite_emulator import Emulator
from appwrite_emulator.errors import Era
from appwrite_emulator.http import api, schema
from appwrite_emulator.http.request import Version, format_of
from appwrite_emulator.http.route import Operation

Json = Any
# The filters for older formats do not reach the items of these lists, nor nested variables.
_OLDEST_ITEMS = {
    "functionList": (1, 6, 0),
    "executionList": (1, 6, 0),
    "deploymentList": (1, 4, 0),
    "variableList": (1, 4, 0),
}
_OLDEST_NESTED = (1, 7, 0)


_TYPES = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of the API, as far as it decides about the reply; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    def format(self, era: Era) -> Version:
        wanted = self.headers.get("x-appwrite-response-format", "")
        return format_of(wanted.encode("latin-1"), era)


class Completeness:
    """Checks replies of one emulator against what its routes promise."""

    def __init__(self, emulator: Emulator) -> None:
        self._era = emulator.config.appwrite
        routes = api.routes(emulator.services, Path())
        self._routes = [(compile_path(route.path)[0], route) for route in routes]

    def check(self, asked: Asked, status: int, kind: str, body: bytes) -> None:
        """Fail when a reply of content type `kind` lacks what all replies have."""
        named = f"{asked.method} {asked.target} answered {status} {kind!r} {body[:1000]!r}"
        assert kind, named
        if status == 204:
            assert (body, "json" in kind) == (b"", False), named
        if asked.method == "HEAD":
            assert body == b"", named
        elif status >= 400:
            assert kind.startswith("application/json"), named
            error = json.loads(body)
            assert list(error) == ["message", "code", "type", "version"], named
            assert error["code"] == status, named
        elif operation := self._operation(asked):
            wanted = (operation.status, operation.other_status)
            assert status in wanted or operation.model == "file", named
            if kind.startswith("application/json"):
                is_part = "select" in unquote(asked.target)
                format = asked.format(self._era)
                self.check_model(operation.model, format, json.loads(body), is_part=is_part)

    def _operation(self, asked: Asked) -> Operation | None:
        for pattern, route in self._routes:
            if route.method == asked.method and pattern.match(asked.path):
                return route.described(asked.format(self._era))
        return None

    def check_model(
        self, model: str, format: Version, value: Json, *, is_part: bool = False
    ) -> None:
        """Fail when `value` is not a whole `model` in `format`; a list's items may be parts."""
        format = max(format, _OLDEST_ITEMS.get(model, (0, 0, 0)))
        models = schema.of_models([model], format)
        if "function" in models:
            models |= schema.of_models(["variable"], max(format, _OLDEST_NESTED))
        wrong = list(_wrong(value, models[model], models, is_part=is_part))
        assert wrong == [], f"{model} in {format}: {wrong} of {value}"


def _wrong(value: Json, schema: Json, models: Json, *, is_part: bool = False) -> Iterator[str]:
    """What `schema` says and `value` is not; an item of a part of a list may lack fields."""
    if "$ref" in schema:
        schema = models[schema["$ref"].rpartition("/")[2]]
    if value is None and schema.get("nullable"):
        return
    if type(value) not in _TYPES[schema["type"]] or value not in schema.get("enum", [value]):
        yield f"{value!r} is no {schema}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _inside(number, _wrong(item, schema["items"], models, is_part=is_part))
    elif isinstance(value, dict):
        missing = set(schema.get("required", ())) - set(value)
        if missing and not is_part:
            yield f"{missing} missing"
        known = schema.get("properties", {})
        for key in known.keys() & value.keys():
            yield from _inside(key, _wrong(value[key], known[key], models, is_part=is_part))


def _inside(place: str | int, problems: Iterator[str]) -> Iterator[str]:
    for problem in problems:
        yield f"{place}: {problem}"
