"""Functions and their variables: create, read, update, list, refuse, delete."""

from __future__ import annotations

import json

from flow import NODE, PYTHON, STAMP, Flow


def list_what_there_is(flow: Flow) -> None:
    runtimes = flow.functions.list_runtimes()
    ids = [runtime["$id"] for runtime in runtimes["runtimes"]]
    flow.checks.equal(runtimes["total"], len(ids), "number of runtimes")
    flow.checks.true({"node-22", "python-3.12"} <= set(ids), f"the runtimes {ids}")
    names = ("$id", "key", "name", "version", "base", "image", "logo", "supports")
    flow.checks.has(runtimes["runtimes"][0], names, "a runtime")
    specification = flow.functions.list_specifications()["specifications"][0]
    flow.checks.has(specification, ("slug", "memory", "cpus", "enabled"), "a specification")


def create_functions(flow: Flow) -> None:
    checks = flow.checks
    listed = flow.functions.list()
    checks.fields(listed, {"total": 0, "functions": []}, "an empty project")
    node = flow.functions.create(
        NODE, "Flow of Node", "node-22", execute=["any"], timeout=20, entrypoint="main.js"
    )
    wanted = {
        "$id": NODE,
        "name": "Flow of Node",
        "runtime": "node-22",
        "execute": ["any"],
        "events": [],
        "schedule": "",
        "timeout": 20,
        "enabled": True,
        "logging": True,
        "entrypoint": "main.js",
        "commands": "",
        "vars": [],
        flow.sdk.active: "",
    }
    checks.fields(node, wanted, "the new function")
    checks.has(node, flow.sdk.models["function"], "the new function")
    checks.true(STAMP.fullmatch(node["$createdAt"]), f"time stamp {node['$createdAt']}")
    checks.equal(flow.functions.get(NODE), node, "the function read again")
    flow.functions.create(PYTHON, "Flow of Python", "python-3.12", entrypoint="main.py")


def refuse_what_is_wrong(flow: Flow) -> None:
    refused = flow.checks.refused
    create, get = flow.functions.create, flow.functions.get
    refused(409, flow.sdk.taken, lambda: create(NODE, "Again", "node-22"), "already exists")
    error = refused(404, "function_not_found", lambda: get("absent"), "could not be found")
    response = error.response  # type: ignore[attr-defined]
    body = json.loads(response) if isinstance(response, str) else response
    flow.checks.fields(body, {"code": 404, "type": "function_not_found"}, "an error")
    flow.checks.has(body, ("message", "version"), "an error")
    refused(
        400,
        "general_argument_invalid",
        lambda: create("other", "Other", "cobol-1"),
        "Invalid `runtime` param: Value must be one of (",
    )
    refused(400, "general_argument_invalid", lambda: create("-a", "A", "node-22"), "functionId")
    refused(404, "deployment_not_found", lambda: flow.functions.create_execution(NODE), "Create a")
    refused(
        404,
        "deployment_not_found",
        lambda: flow.functions.get_deployment(NODE, "absent"),
        "could not be found",
    )
    refused(404, "execution_not_found", lambda: flow.functions.get_execution(NODE, "absent"))
    refused(404, "variable_not_found", lambda: flow.functions.get_variable(NODE, "absent"))
    refused(
        401,
        "general_unauthorized_scope",
        flow.sdk.guest.list,
        "missing scope",
    )


def update_function(flow: Flow) -> None:
    changed = flow.functions.update(
        NODE, "Renamed", execute=["any"], timeout=10, entrypoint="main.js"
    )
    wanted = {"$id": NODE, "name": "Renamed", "timeout": 10, "runtime": "node-22"}
    flow.checks.fields(changed, wanted, "the updated function")
    flow.checks.equal(flow.functions.get(NODE)["name"], "Renamed", "the stored name")
    flow.checks.refused(
        404, "function_not_found", lambda: flow.functions.update("absent", "Absent")
    )


def keep_variables(flow: Flow) -> None:
    checks, functions = flow.checks, flow.functions
    greeting = flow.sdk.create_variable(NODE, "GREETING", "hello")
    wanted = {
        "key": "GREETING",
        "value": "hello",
        "resourceId": NODE,
        "resourceType": "function",
    }
    checks.fields(greeting, wanted, "the new variable")
    checks.has(greeting, flow.sdk.models["variable"], "the new variable")
    checks.refused(
        409,
        "variable_already_exists",
        lambda: flow.sdk.create_variable(NODE, "GREETING", "again"),
    )
    id = greeting["$id"]
    changed = functions.update_variable(NODE, id, "GREETING", "hello again")
    checks.equal(changed["value"], "hello again", "the updated value")
    checks.equal(functions.get_variable(NODE, id)["value"], "hello again", "the stored value")
    passing = flow.sdk.create_variable(NODE, "PASSING", "gone soon")
    keys = [variable["key"] for variable in functions.list_variables(NODE)["variables"]]
    checks.equal(keys, ["GREETING", "PASSING"], "keys of the listed variables")
    functions.delete_variable(NODE, passing["$id"])
    listed = functions.list_variables(NODE)
    checks.equal(listed["total"], 1, "variables after a delete")
    checks.equal(functions.get(NODE)["vars"][0]["value"], "hello again", "the nested variable")
    checks.refused(404, "variable_not_found", lambda: functions.get_variable(NODE, passing["$id"]))


def list_functions(flow: Flow) -> None:
    query, checks = flow.queries, flow.checks

    def ids(*queries: str) -> list[str]:
        return [each["$id"] for each in flow.listed("functions", *queries)]

    checks.equal(ids(), [NODE, PYTHON], "functions")
    checks.equal(ids(query.limit(1)), [NODE], "functions, limit 1")
    checks.equal(ids(query.limit(1), query.offset(1)), [PYTHON], "functions, offset 1")
    checks.equal(ids(query.order_desc("$id")), [PYTHON, NODE], "functions by id, falling")
    checks.equal(ids(query.equal("name", "Renamed")), [NODE], "functions by name")
    checks.equal(ids(query.equal("runtime", ["python-3.12"])), [PYTHON], "by runtime")
    checks.equal(ids(query.cursor_after(NODE)), [PYTHON], "functions after a cursor")
    checks.equal(ids(query.cursor_before(PYTHON)), [NODE], "functions before a cursor")
    checks.equal(flow.functions.list(search="python")["total"], 1, "functions found by text")
    checks.refused(
        400, "general_cursor_not_found", lambda: ids(query.cursor_after("absent")), "absent"
    )
    checks.refused(
        400, "general_argument_invalid", lambda: ids(query.equal("colour", "red")), "queries"
    )


def delete_everything(flow: Flow, big: str) -> None:
    checks, functions = flow.checks, flow.functions
    executions = flow.listed("executions", flow.queries.limit(100), function=NODE)
    functions.delete_execution(NODE, executions[0]["$id"])
    left = functions.list_executions(NODE)["total"]
    checks.equal(left, len(executions) - 1, "executions after a delete")
    checks.refused(
        404,
        "execution_not_found",
        lambda: functions.delete_execution(NODE, executions[0]["$id"]),
    )
    functions.delete_deployment(NODE, big)
    checks.equal(functions.get(NODE)[flow.sdk.active], "", "no deployment is active")
    checks.refused(404, "deployment_not_found", lambda: functions.get_deployment(NODE, big))
    checks.refused(404, "deployment_not_found", lambda: functions.create_execution(NODE))
    for deployment in flow.listed("deployments", function=PYTHON):
        functions.delete_deployment(PYTHON, deployment["$id"])
    checks.equal(functions.list_deployments(PYTHON)["total"], 0, "deployments, all deleted")
    checks.equal(functions.delete(NODE), b"", "the answer to a delete")
    functions.delete(PYTHON)
    checks.equal(functions.list()["total"], 0, "functions, all deleted")
    checks.refused(404, "function_not_found", lambda: functions.list_executions(NODE))
    checks.refused(404, "function_not_found", lambda: functions.delete(NODE))
