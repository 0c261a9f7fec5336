"""An emulator with one of everything, reached through a socket, that can be put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from appwrite_emulator import Emulator

from .forms import form, multipart_type, tar_gz

YARDSTICK = Path(__file__).parent / "yardstick"
FORMATS = {"1.6": "1.6.0", "1.9": "1.9.5"}  # as SDKs of the era send them

IDS = {
    "functionId": ["f"],
    "deploymentId": ["d", "u"],
    "variableId": ["v"],
    "executionId": ["e"],  # stands for the target's
    "buildId": ["b"],
    "templateId": ["starter"],
}
_WORDS = {
    "functionId": ["new", "unique()", "f"],
    "variableId": ["new", "unique()", "v"],
    "deploymentId": ["d", "u"],
    "execute": ["any", "users", "user:a/verified", "team:b/owner", "label:c"],
    "events": ["users.*", "databases.*.collections.*.documents.*.create", "functions.*"],
    "schedule": ["*/5 * * * *", "0 0 31 2 *", "0 0 1 1 *"],
    "path": ["/", "/?a=b&a=c", "//x/../%ff", "http://example.com/a"],
    "scheduledAt": ["2030-01-01T10:00:00.000+00:00", "2030-01-01", "0000-00-00"],
    "headers": ['{"a": "b"}', "{", "[]"],
}

_SOURCE = "def main(context):\n    return context.res.text(context.req.path)\n"
_QUERIES = [
    '{"method": "limit", "values": [1]}',
    '{"method": "equal", "attribute": "$id", "values": ["f"]}',
    '{"method": "orderDesc", "attribute": "$createdAt"}',
    '{"method": "cursorAfter", "values": ["f"]}',
    '{"method": "equal", "attribute": "status", "values": [null, 1, {}]}',
    '{"method": "between", "attribute": "$createdAt", "values": ["2020", "2030"]}',
    '{"method": "search", "attribute": "key", "values": ["*"]}',
    '{"method": "limit", "values": [9223372036854775808]}',
]


def yardstick(era: str) -> Any:
    """What Appwrite of that era says of its functions."""
    return json.loads((YARDSTICK / f"openapi-{era}.json").read_text(encoding="utf-8"))


ERRORS = json.loads((YARDSTICK / "errors.json").read_text(encoding="utf-8"))
"""The status of each error by era."""


@dataclass(frozen=True, slots=True)
class Target:
    """Function `f` in project `p`, with deployments `d`, ready, and `u`, still being uploaded, with
    variable `v` and an execution."""

    era: str
    endpoint: str
    http: httpx2.Client
    execution: str
    snapshot: str

    @property
    def headers(self) -> dict[str, str]:
        return _headers(self.era)

    def check(self, method: str, status: int, kind: str, body: bytes) -> None:
        """Fail when a reply is no answer of Appwrite's, or an error it has not."""
        said = f"{method} answered {status} {kind!r} {body[:1000]!r}"
        assert status < 500, said
        assert kind, said
        if status == 204:
            assert (body, "json" in kind) == (b"", False), said
        if status >= 400 and method != "HEAD":
            error = json.loads(body)
            assert list(error) == ["message", "code", "type", "version"], said
            assert error["code"] == ERRORS[error["type"]].get(self.era) == status, said

    def put_back(self) -> None:
        """Undo whatever was changed."""
        root = self.endpoint.removesuffix("/v1")
        body = {"snapshot": self.snapshot}
        self.http.post(f"{root}/_emulator/restore", json=body).raise_for_status()


def document(era: str) -> Any:
    """The yardstick, in which ids are mostly those of a target."""
    text = json.dumps(yardstick(era)).replace('"name": "queries"', '"name": "queries[]"')
    read = json.loads(text)
    for methods in read["paths"].values():
        for operation in methods.values():
            _narrow(operation)
    return read


def _narrow(operation: Any) -> None:
    for param in operation.get("parameters", ()):
        if param["name"] in IDS:
            param["schema"] = {"type": "string", "enum": IDS[param["name"]]}
        if param["name"] == "queries[]":
            _suggest(param["schema"], _QUERIES)
    for body in operation.get("requestBody", {}).get("content", {}).values():
        properties = body["schema"]["properties"]
        for name in _WORDS.keys() & properties.keys():
            _suggest(properties[name], _WORDS[name])
        if "body" in properties:
            properties["body"]["maxLength"] = 5000  # ten million are another test's


def _suggest(schema: Any, words: list[str]) -> None:
    """Let one of `words` come as often as any other text; an id is always one of them."""
    if "items" in schema:
        return _suggest(schema["items"], words)
    anything = dict(schema)
    schema.clear()
    if anything.get("maxLength") == 36:
        schema |= {"type": "string", "enum": words}
    else:
        schema["anyOf"] = [{"type": "string", "enum": words}, anything]


@contextmanager
def target(era: str) -> Iterator[Target]:
    """A target on an emulator of its own."""
    with (
        Emulator(memory=True, port=0, appwrite=era) as emulator,
        httpx2.Client(headers=_headers(era), timeout=20) as http,
    ):
        functions = f"{emulator.endpoint}/functions"
        root = emulator.endpoint.removesuffix("/v1")
        given = {"functionId": "f", "name": "F", "runtime": "python-3.12", "execute": ["any"]}
        _sent(http.post(functions, json={**given, "entrypoint": "main.py"}))
        archive = tar_gz({"main.py": _SOURCE})
        end = len(archive) - 1
        headers = {
            "content-type": multipart_type(),
            "content-range": f"bytes 0-{end}/{end + 1}",
            "x-appwrite-id": "d",
        }
        body = form({"activate": "true"}, {"code": ("code.tar.gz", archive)})
        _sent(http.post(f"{functions}/f/deployments", content=body, headers=headers))
        headers |= {"content-range": "bytes 0-0/9", "x-appwrite-id": "u"}
        body = form({"activate": "true"}, {"code": ("code.tar.gz", b"x")})
        _sent(http.post(f"{functions}/f/deployments", content=body, headers=headers))
        _sent(http.post(f"{root}/_emulator/settle"))
        value = {"variableId": "v", "key": "K", "value": "v", "secret": False}
        _sent(http.post(f"{functions}/f/variables", json=value))
        execution = _sent(http.post(f"{functions}/f/executions", json={}))
        assert execution["status"] == "completed", execution
        snapshot = _sent(http.post(f"{root}/_emulator/snapshot"))["snapshot"]
        yield Target(era, emulator.endpoint, http, execution["$id"], snapshot)


def _headers(era: str) -> dict[str, str]:
    return {
        "x-appwrite-project": "p",
        "x-appwrite-key": "any",
        "x-appwrite-response-format": FORMATS[era],
    }


def _sent(reply: httpx2.Response) -> Any:
    assert reply.is_success, reply.text
    return reply.json()
