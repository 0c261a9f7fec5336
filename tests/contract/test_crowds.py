"""Many executions at once: none is lost, and every line lands on its own."""

from __future__ import annotations

import json

import pytest

from .server import Json, Project, Server

PYTHON = """
def main(context):
    name = context.req.body_text
    context.log("log", name)
    print("print", name)
    context.error("error", name)
    return context.res.text(name)
"""
NODE = """
module.exports = async (c) => {
  const name = c.req.bodyText;
  c.log(`log ${name}`);
  console.log(`print ${name}`);
  await new Promise((resolve) => setImmediate(resolve));
  c.error(`error ${name}`);
  return c.res.text(name);
};
"""
NODE_SETTINGS = {"runtime": "node-22", "entrypoint": "index.js"}
MARKER = "Native logs detected. Use context.log() or context.error() for better experience."
LIMIT = {"method": "limit", "values": [5000]}


@pytest.fixture
def project(server: Server) -> Project:
    """Functions of two languages, three of each, that log their body in three ways."""
    project = server.project()
    for number in range(3):
        project.function(f"python{number}", timeout=60)
        project.deploy(f"python{number}", {"main.py": PYTHON})
        project.function(f"node{number}", timeout=60, **NODE_SETTINGS)
        project.deploy(f"node{number}", {"index.js": NODE})
    return project


def _execute_all(project: Project, functions: list[str], **params: Json) -> list[Json]:
    """One execution of each of these functions, all at the same moment; its body is its number."""

    headers = {**project.headers, "content-type": "application/json"}
    calls = [
        (
            "POST",
            f"/v1/functions/{function}/executions",
            headers,
            json.dumps({"body": str(number), **params}).encode(),
        )
        for number, function in enumerate(functions)
    ]
    status = 202 if params.get("async") else 201
    return [reply.expect(status) for reply in project.server.call_together(calls)]


def _rows(project: Project, function: str) -> list[Json]:
    return list(project.get(f"/functions/{function}/executions", LIMIT).json["executions"])


def _wrong(made: list[Json]) -> list[Json]:
    """Those that failed, or have not exactly their own lines."""
    return [each for number, each in enumerate(made) if not _is_right(each, str(number))]


def _is_right(execution: Json, name: str) -> bool:
    return (execution["status"], execution["logs"], execution["errors"]) == (
        "completed",
        f"log {name}\n{MARKER}\nprint {name}\n"
        if execution["functionId"].startswith("node")
        else f"log {name}\n{MARKER}print {name}\n",
        f"error {name}\n",
    )


@pytest.mark.parametrize("function", ["python0", "node0"])
def test_a_thousand_calls_of_one_function_are_all_answered(project: Project, function: str) -> None:
    made = _execute_all(project, [function] * 1000)

    assert _wrong(made) == []
    assert [each["responseBody"] for each in made] == [str(number) for number in range(1000)]
    rows = _rows(project, function)
    name_of = {each["$id"]: each["responseBody"] for each in made}
    assert len(rows) == len(name_of) == 1000
    assert all(_is_right(row, name_of[row["$id"]]) for row in rows)


def test_a_thousand_calls_of_many_functions_are_all_answered(project: Project) -> None:
    functions = [f"{language}{number}" for language in ("python", "node") for number in range(3)]
    made = _execute_all(project, [functions[number % 6] for number in range(1000)])

    assert _wrong(made) == []
    assert sum(len(_rows(project, function)) for function in functions) == 1000


def test_what_runs_in_the_background_is_listed_in_the_order_it_came(project: Project) -> None:
    made = _execute_all(project, ["python0", "node0"] * 250, **{"async": True})
    numbers = {each["$id"]: number for number, each in enumerate(made)}
    for each in made:
        project.executed(each["functionId"], each["$id"])

    rows = [row for function in ("python0", "node0") for row in _rows(project, function)]

    assert len(rows) == 500
    assert all(_is_right(row, str(numbers[row["$id"]])) for row in rows)
    for function in ("python0", "node0"):
        times = [row["$createdAt"] for row in rows if row["functionId"] == function]
        assert times == sorted(times)
