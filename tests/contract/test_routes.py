"""Every route of both eras is there and answers with its status and model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from .forms import form, multipart_type, tar_gz
from .server import Json, Project, Reply
from .test_models import fields_of

PYTHON = "def main(context):\n    return context.res.text('done')\n"
FORMATS = {"1.6": "1.6.0", "1.9": "1.9.5"}
BODIES: dict[str, Json] = {
    "POST /functions": {"functionId": "new", "name": "New", "runtime": "node-22"},
    "PUT /functions/{functionId}": {"name": "Changed"},
    "POST /functions/{functionId}/variables": {"variableId": "w", "key": "NEW", "value": "1"},
    "PUT /functions/{functionId}/variables/{variableId}": {"key": "NEWER"},
    "POST /functions/{functionId}/deployments/duplicate": {"deploymentId": "{deploymentId}"},
    "POST /functions/{functionId}/deployments/template": {
        "repository": "templates",
        "owner": "appwrite",
        "rootDirectory": "node/starter",
        "type": "tag",
        "reference": "0.3.0",
    },
    "POST /functions/{functionId}/deployments/vcs": {"type": "branch", "reference": "main"},
    "PATCH /functions/{functionId}/deployment": {"deploymentId": "{deploymentId}"},
}


class Row(NamedTuple):
    """One route as one era has it."""

    era: str
    method: str
    path: str
    status: int
    model: str

    @property
    def id(self) -> str:
        return f"{self.era} {self.method} {self.path}"


def _rows() -> list[Row]:
    text = (Path(__file__).parent / "routes.json").read_text(encoding="utf-8")
    return [
        Row(era, method, path, status, model)
        for eras, method, path, status, model in json.loads(text)
        for era in eras.split()
    ]


ROWS = _rows()
PLACED = [row for row in ROWS if "{" in row.path]


def _world(project: Project, path: str) -> dict[str, str]:
    """What the path's places stand for, made as far as the path needs it."""
    ids = {"functionId": "f", "variableId": "v", "buildId": "b", "templateId": "starter"}
    if "{functionId}" in path:
        project.function()
    if "variable" in path:
        given = {"variableId": "v", "key": "K", "value": "v"}
        project.post("/functions/f/variables", given).expect(201)
    if "{canceledId}" in path:
        sent = project.upload("f", b"x", headers={"content-range": "bytes 0-0/9"}).expect(202)
        ids["canceledId"] = sent["$id"]
    if "deployment" in path or "execution" in path:
        ids["deploymentId"] = project.deploy("f", {"main.py": PYTHON})["$id"]
    if "{executionId}" in path:
        ids["executionId"] = project.execute("f")["$id"]
    return ids


def _call(project: Project, row: Row) -> Reply:
    ids = _world(project, row.path)
    caller = project.at(FORMATS[row.era])
    path = row.path.format(**ids)
    if (row.method, row.path) == ("POST", "/functions/{functionId}/deployments"):
        files = {"code": ("code.tar.gz", tar_gz({"main.py": PYTHON}))}
        headers = {"content-type": multipart_type()}
        return caller.call(row.method, path, body=form({"activate": "1"}, files), headers=headers)
    body = BODIES.get(f"{row.method} {row.path}")
    if isinstance(body, dict):
        body = {
            key: value.replace("{deploymentId}", ids.get("deploymentId", ""))
            for key, value in body.items()
        }
    return caller.call(row.method, path, body)


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_route_answers_with_its_status_and_model(project: Project, row: Row) -> None:
    reply = _call(project, row)
    assert reply.status == row.status, reply.body
    if row.model == "":
        assert reply.body == b""
        assert reply.header("content-type") == "text/plain; charset=UTF-8"
    elif row.model == "file":
        assert reply.header("content-type") == "application/gzip"
        assert reply.body[:2] == b"\x1f\x8b"
    elif row.model.endswith("List"):
        assert list(reply.json) == ["total", f"{row.model.removesuffix('List')}s"]
    else:
        assert set(fields_of(row.model, FORMATS[row.era])) <= set(reply.json)


READING = [row for row in ROWS if row.method == "GET"]


@pytest.mark.parametrize("row", READING, ids=[row.id for row in READING])
def test_the_head_of_what_can_be_got_is_the_same_without_the_body(
    project: Project, row: Row
) -> None:
    got = _call(project, row)
    head = _call(project.server.project(), row._replace(method="HEAD"))
    assert (head.status, head.body) == (got.status, b"")
    assert head.header("content-type") == got.header("content-type")
    assert head.header("content-length")


@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_scopes_are_asked_for_before_anything_else(project: Project, row: Row) -> None:
    path = row.path.format_map(_Nonsense())
    reply = project.guest.at(FORMATS[row.era]).call(row.method, path, {})
    if row.path.endswith("/runtimes"):
        assert reply.status == 200
    elif row.path.startswith("/functions/{functionId}/executions") and row.method != "GET":
        assert reply.error[1] == "general_argument_invalid"
    else:
        status, type, message = reply.error
        assert (status, type) == (401, "general_unauthorized_scope")
        kind = "executions" if "/executions" in row.path else "functions"
        action = "read" if row.method == "GET" else "write"
        assert message == _scope_message(row.era, kind, action)


def _scope_message(era: str, kind: str, action: str) -> str:
    names = [f"{kind}.{action}"]
    if kind == "executions":
        names = [f"executions.{action}", f"execution.{action}"]
    if era == "1.6":
        return f"User (role: guests) missing scope ({names[-1]})"
    return f"User (role: guests) missing scopes ({json.dumps(names, separators=(',', ':'))})"


class _Nonsense(dict[str, str]):
    """A place of a path that is no id."""

    def __missing__(self, key: str) -> str:
        return "_"


@pytest.mark.parametrize("row", PLACED, ids=[row.id for row in PLACED])
def test_ids_in_paths_are_checked_before_what_they_name(project: Project, row: Row) -> None:
    reply = project.call(row.method, row.path.format_map(_Nonsense()), {})
    name = row.path.split("{")[1].split("}")[0]
    assert reply.error == (
        400,
        "general_argument_invalid",
        f"Invalid `{name}` param: UID must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9,"
        " and underscore. Can't start with a leading underscore",
    )


class _Missing(dict[str, str]):
    """A place of a path that names nothing."""

    def __missing__(self, key: str) -> str:
        return "nothing"


@pytest.mark.parametrize("row", PLACED, ids=[row.id for row in PLACED])
def test_a_function_that_is_missing_is_404_everywhere(project: Project, row: Row) -> None:
    path = row.path.format_map(_Missing())
    body = BODIES.get(f"{row.method} {row.path}", {})
    if isinstance(body, dict) and "deploymentId" in body:
        body = {"deploymentId": "nothing"}
    reply = project.call(row.method, path, {"activate": True, **body})
    assert reply.error == (
        404, "function_not_found", "Function with the requested ID could not be found."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("GET", "/functions/"),
        ("GET", "/functions/f/deployments/"),
        ("POST", "/functions/f"),
        ("PATCH", "/functions"),
        ("TRACE", "/functions"),
        ("DELETE", "/functions/f/variables"),
        ("GET", "/functions/f/deployments/d/e/f"),
        ("PUT", "/functions/runtimes/x"),
    ],
)
def test_unknown_paths_and_methods_are_404_in_json(either: Project, method: str, path: str) -> None:
    status, type, message = either.call(method, path).error
    assert (status, type) == (404, "general_route_not_found")
    assert message.startswith(
        "The requested route was not found."
        if either.server.emulator.config.appwrite == "1.6"
        else "Route not found."
    )


def test_fixed_paths_win_over_function_ids(project: Project) -> None:
    project.function("runtimes")
    assert "runtimes" in project.get("/functions/runtimes").expect(200)
    assert project.put("/functions/runtimes", {"name": "x"}).expect(200)["$id"] == "runtimes"
    project.delete("/functions/runtimes").expect(204)
