"""Executions: at once and later, with a key and as a guest, failing ones, and lists."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from appwrite.query import Query
from flow import CHUNK, NODE, PYTHON, Flow
from sdk import MODELS, NAMES


def execute(flow: Flow) -> None:
    checks = flow.checks
    execution = flow.functions.create_execution(
        NODE,
        "the body",
        path="/greet?name=Ada&name=Eve",
        method="PATCH",
        headers={"x-custom": "yes", "content-type": "text/plain"},
    )
    wanted = {
        NAMES["owner"]: NODE,
        "trigger": "http",
        "status": "completed",
        "requestMethod": "PATCH",
        "requestPath": "/greet?name=Ada&name=Eve",
        "responseStatusCode": 200,
        "logs": "called PATCH /greet\n",
        "errors": "",
        "scheduledAt": None,
    }
    checks.fields(execution, wanted, "the execution")
    checks.has(execution, MODELS["execution"], "the execution")
    checks.true(0 < execution["duration"] < 10, f"duration {execution['duration']}")
    headers = {each["name"]: each["value"] for each in execution["responseHeaders"]}
    checks.equal(headers["x-made-by"], "node", "the function's response header")
    checks.equal(headers["content-type"], "application/json; charset=utf-8", "content type")
    answer = json.loads(execution["responseBody"])
    wanted = {
        "language": "node",
        "method": "PATCH",
        "path": "/greet",
        "body": "the body",
        "custom": "yes",
        "trigger": "http",
        "greeting": "hello again",
        "deployment": flow.big,
    }
    checks.fields(answer, wanted, "what the function saw")
    checks.true(answer["blob"] > 2 * CHUNK, "the function's large file is there")


def execute_failing(flow: Flow) -> None:
    execute = flow.functions.create_execution
    thrown = execute(NODE, path="/throw", method="GET")
    wanted = {"status": "failed", "responseStatusCode": 500, "responseBody": ""}
    flow.checks.fields(thrown, wanted, "an execution that throws")
    flow.checks.true("boom from node" in thrown["errors"], "the error is told")
    teapot = execute(NODE, path="/teapot", method="GET")
    wanted = {"status": "completed", "responseStatusCode": 418}
    flow.checks.fields(teapot, wanted, "an execution with status 418")
    complaining = execute(NODE, path="/error", method="GET")
    wanted = {"errors": "complained\n", "logs": "called GET /error\n"}
    flow.checks.fields(complaining, wanted, "an execution that reports an error")
    refused = flow.checks.refused
    invalid = "general_argument_invalid"
    refused(400, invalid, lambda: execute(NODE, method="BREW"), "`method`")
    refused(404, "function_not_found", lambda: execute("absent"))


def execute_later(flow: Flow) -> None:
    """The answer comes at once, the outcome is read; the body is not kept."""
    accepted = flow.functions.create_execution(
        NODE, "later", xasync=True, path="/later", method="POST"
    )
    flow.checks.true(accepted["status"] in ("waiting", "processing"), accepted["status"])
    wanted = {"responseStatusCode": 0, "responseBody": "", "logs": "", "trigger": "http"}
    flow.checks.fields(accepted, wanted, "the accepted execution")
    execution = flow.poll(
        lambda: flow.functions.get_execution(NODE, accepted["$id"]),
        lambda it: it["status"] not in ("waiting", "processing"),
    )
    wanted = {
        "status": "completed",
        "responseStatusCode": 200,
        "responseBody": "",
        "logs": "called POST /later\n",
    }
    flow.checks.fields(execution, wanted, "the finished execution")
    flow.checks.true(execution["duration"] > 0, "the finished execution took its time")


def execute_as_guest(flow: Flow) -> None:
    execution = flow.guest.create_execution(NODE, path="/guest", method="GET")
    wanted = {"status": "completed", "responseStatusCode": 200, "logs": "", "errors": ""}
    flow.checks.fields(execution, wanted, "a guest's execution")
    flow.checks.refused(404, "deployment_not_found", lambda: flow.guest.create_execution(PYTHON))


def list_executions(flow: Flow) -> None:
    checks = flow.checks

    def paths(*queries: str) -> list[str]:
        found = flow.listed("executions", *queries, function=NODE)
        checks.equal({each["responseBody"] for each in found}, {""}, "bodies are not kept")
        return [each["requestPath"] for each in found]

    greet, guest = "/greet?name=Ada&name=Eve", "/guest"
    everything = [greet, "/throw", "/teapot", "/error", "/later", guest]
    checks.equal(paths(), everything, "executions")
    falling = Query.order_desc("$createdAt")
    checks.equal(paths(falling, Query.limit(2)), [guest, "/later"], "the newest executions")
    checks.equal(paths(Query.equal("status", "failed")), ["/throw"], "failed executions")
    checks.equal(paths(Query.equal("requestMethod", ["PATCH"])), [greet], "by method")
    checks.equal(paths(Query.greater_than("responseStatusCode", 400))[0], "/throw", "by code")
    total = flow.functions.list_executions(NODE, queries=[Query.limit(1)])["total"]
    checks.equal(total, len(everything), "total beyond the limit")
    first = flow.listed("executions", Query.limit(1), function=NODE)[0]["$id"]
    rest = paths(Query.cursor_after(first), Query.limit(2))
    checks.equal(rest, ["/throw", "/teapot"], "executions after a cursor")


def search_executions(flow: Flow) -> None:
    """Only the oldest version searches; what it finds there is not promised any more."""
    found = flow.functions.list_executions(NODE, search="completed")
    flow.checks.true(found["total"] <= 6, "executions found by text")


def schedule(flow: Flow) -> None:
    """For a minute that comes later; deleted before that."""
    due = (datetime.now(UTC) + timedelta(hours=2)).replace(second=0, microsecond=0)
    accepted = flow.functions.create_execution(
        NODE, xasync=True, scheduled_at=due.isoformat(timespec="milliseconds")
    )
    wanted = {
        "status": "scheduled",
        "trigger": "schedule",
        "scheduledAt": due.isoformat(timespec="milliseconds"),
        "responseStatusCode": 0,
    }
    flow.checks.fields(accepted, wanted, "the scheduled execution")
    found = flow.functions.get_execution(NODE, accepted["$id"])
    flow.checks.fields(found, wanted, "the scheduled execution, read again")
    flow.functions.delete_execution(NODE, accepted["$id"])
    flow.checks.refused(
        404, "execution_not_found", lambda: flow.functions.get_execution(NODE, accepted["$id"])
    )
    flow.checks.refused(
        400,
        "general_bad_request",
        lambda: flow.functions.create_execution(NODE, scheduled_at=due.isoformat()),
        "must run asynchronously",
    )
