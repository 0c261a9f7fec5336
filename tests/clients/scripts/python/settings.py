"""Functions and their variables: create, read, update, list, refuse, delete."""

from __future__ import annotations

import json
from typing import Any

from appwrite.id import ID
from appwrite.query import Query
from flow import NODE, PYTHON, STAMP, Flow
from sdk import MAJOR, MODELS, NAMES

SENDS_CAPITALS = MAJOR < 22  # `False`, which is no boolean to Appwrite either


SPECIFICATION = "s-0.5vcpu-512mb"
SIZES = {"build_specification": "s-2vcpu-2gb", "runtime_specification": "s-1vcpu-1gb"}
SETTINGS = {
    "execute": ["users"],
    "events": ["users.*.create"],
    "schedule": "0 0 1 1 *",
    "timeout": 30,
    "enabled": True,
    "logging": True,
    "entrypoint": "main.py",
    "commands": "true",
    "scopes": ["users.read"],
    "provider_branch": "main",
    "provider_silent_mode": True,
    "provider_root_directory": "src",
    "provider_branches": ["main", "feature/*"],
    "provider_paths": ["src/**"],
    **SIZES,
    "deployment_retention": 7,
}


def list_what_there_is(flow: Flow) -> None:
    runtimes = flow.functions.list_runtimes()
    ids = [runtime["$id"] for runtime in runtimes["runtimes"]]
    flow.checks.equal(runtimes["total"], len(ids), "number of runtimes")
    flow.checks.true({"node-22", "python-3.12"} <= set(ids), f"the runtimes {ids}")
    flow.checks.has(runtimes["runtimes"][0], MODELS["runtime"], "a runtime")
    specifications = flow.functions.list_specifications()["specifications"]
    flow.checks.has(specifications[0], MODELS["specification"], "a specification")


def choose_of_what_there_is(flow: Flow) -> None:
    """What the newest versions can ask for; servers of 1.9 answer with everything."""
    machines = flow.functions.list_specifications(type="runtimes", total=False)
    flow.checks.equal(len(machines["specifications"]), 9, "specifications of runtimes")
    flow.checks.true(flow.functions.list_runtimes(total=False)["runtimes"], "runtimes, not counted")


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
        NAMES["active"]: "",
    }
    checks.fields(node, wanted, "the new function")
    checks.has(node, MODELS["function"], "the new function")
    checks.true(STAMP.fullmatch(node["$createdAt"]), f"time stamp {node['$createdAt']}")
    checks.equal(flow.functions.get(NODE), node, "the function read again")
    _create_with_all_settings(flow)


def _create_with_all_settings(flow: Flow) -> None:
    """In the words of all versions: of those that the SDK knows, all are sent."""
    everything = {**SETTINGS, "specification": SPECIFICATION}
    options = {**everything, "interval": 0, "description": "says what it got"}
    python = flow.functions.create(PYTHON, "Flow of Python", "python-3.12", **options)
    _keeps(flow, python, "the function with all settings")
    options = {**options, "runtime": "python-3.12", "email_enabled": False, "name": "All"}
    changed = flow.functions.update(PYTHON, **options)
    _keeps(flow, changed, "the update with all settings")
    empty = {"installation_id": "", "provider_repository_id": "", "template_version": ""}
    flow.functions.update(PYTHON, "Flow of Python", **SIZES, **empty, entrypoint="main.py")
    absent = {"installation_id": "absent", "provider_repository_id": "absent"}
    flow.checks.refused(
        404,
        "installation_not_found",
        lambda: flow.functions.create("other", "Other", "node-22", **absent),
    )


def _keeps(flow: Flow, found: dict[str, Any], what: str) -> None:
    """Of the settings those that the SDK can send are in the function."""
    sent = {**SETTINGS, "specification": SPECIFICATION}
    wanted = {name: sent[name] for name in sent if f"create.{name}" in flow.functions.offered()}
    flow.checks.fields(found, {_camel(name): wanted[name] for name in wanted}, what)


def _camel(name: str) -> str:
    first, *more = name.split("_")
    return first + "".join(word.title() for word in more)


def name_variables(flow: Flow) -> None:
    variable = flow.functions.create_variable(
        PYTHON, "named", key="NAMED", value="yes", secret=False, description="to be seen"
    )
    flow.checks.equal(variable["$id"], "named", "the variable's own id")
    changed = flow.functions.update_variable(PYTHON, "named", value="now", description="seen")
    flow.checks.equal((changed["key"], changed["value"]), ("NAMED", "now"), "the changed value")
    flow.functions.delete_variable(PYTHON, "named")


def refuse_what_is_wrong(flow: Flow) -> None:
    refused = flow.checks.refused
    create, get = flow.functions.create, flow.functions.get
    refused(409, NAMES["taken"], lambda: create(NODE, "Again", "node-22"), "already exists")
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
        flow.guest.list,
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
    greeting = _create_variable(flow, NODE, "GREETING", "hello")
    wanted = {
        "key": "GREETING",
        "value": "hello",
        "resourceId": NODE,
        "resourceType": "function",
    }
    checks.fields(greeting, wanted, "the new variable")
    checks.has(greeting, MODELS["variable"], "the new variable")
    checks.refused(
        409,
        "variable_already_exists",
        lambda: _create_variable(flow, NODE, "GREETING", "again"),
    )
    id = greeting["$id"]
    changed = functions.update_variable(NODE, id, "GREETING", "hello again")
    checks.equal(changed["value"], "hello again", "the updated value")
    checks.equal(functions.get_variable(NODE, id)["value"], "hello again", "the stored value")
    passing = _create_variable(flow, NODE, "PASSING", "gone soon")
    keys = [variable["key"] for variable in functions.list_variables(NODE)["variables"]]
    checks.equal(keys, ["GREETING", "PASSING"], "keys of the listed variables")
    functions.delete_variable(NODE, passing["$id"])
    listed = functions.list_variables(NODE)
    checks.equal(listed["total"], 1, "variables after a delete")
    checks.equal(functions.get(NODE)["vars"][0]["value"], "hello again", "the nested variable")
    checks.refused(404, "variable_not_found", lambda: functions.get_variable(NODE, passing["$id"]))


def list_functions(flow: Flow) -> None:
    checks = flow.checks

    def ids(*queries: str) -> list[str]:
        return [each["$id"] for each in flow.listed("functions", *queries)]

    checks.equal(ids(), [NODE, PYTHON], "functions")
    checks.equal(ids(Query.limit(1)), [NODE], "functions, limit 1")
    checks.equal(ids(Query.limit(1), Query.offset(1)), [PYTHON], "functions, offset 1")
    checks.equal(ids(Query.order_desc("$id")), [PYTHON, NODE], "functions by id, falling")
    checks.equal(ids(Query.equal("name", "Renamed")), [NODE], "functions by name")
    checks.equal(ids(Query.equal("runtime", ["python-3.12"])), [PYTHON], "by runtime")
    checks.equal(ids(Query.cursor_after(NODE)), [PYTHON], "functions after a cursor")
    checks.equal(ids(Query.cursor_before(PYTHON)), [NODE], "functions before a cursor")
    checks.equal(flow.functions.list(search="python")["total"], 1, "functions found by text")
    checks.refused(
        400, "general_cursor_not_found", lambda: ids(Query.cursor_after("absent")), "absent"
    )
    checks.refused(
        400, "general_argument_invalid", lambda: ids(Query.equal("colour", "red")), "queries"
    )


def delete_everything(flow: Flow) -> None:
    checks, functions = flow.checks, flow.functions
    executions = flow.listed("executions", Query.limit(100), function=NODE)
    functions.delete_execution(NODE, executions[0]["$id"])
    left = functions.list_executions(NODE)["total"]
    checks.equal(left, len(executions) - 1, "executions after a delete")
    checks.refused(
        404,
        "execution_not_found",
        lambda: functions.delete_execution(NODE, executions[0]["$id"]),
    )
    functions.delete_deployment(NODE, flow.big)
    checks.equal(functions.get(NODE)[NAMES["active"]], "", "no deployment is active")
    checks.refused(404, "deployment_not_found", lambda: functions.get_deployment(NODE, flow.big))
    checks.refused(404, "deployment_not_found", lambda: functions.create_execution(NODE))
    for deployment in flow.listed("deployments", function=PYTHON):
        functions.delete_deployment(PYTHON, deployment["$id"])
    checks.equal(functions.list_deployments(PYTHON)["total"], 0, "deployments, all deleted")
    checks.equal(functions.delete(NODE), b"", "the answer to a delete")
    functions.delete(PYTHON)
    checks.equal(functions.list()["total"], 0, "functions, all deleted")
    checks.refused(404, "function_not_found", lambda: functions.list_executions(NODE))
    checks.refused(404, "function_not_found", lambda: functions.delete(NODE))


def _create_variable(flow: Flow, function: str, key: str, value: str) -> dict[str, Any]:
    return dict(
        flow.functions.create_variable(
            function_id=function, variable_id=ID.unique(), key=key, value=value, secret=False
        )
    )


def leave_out_totals(flow: Flow) -> None:
    functions = flow.functions
    for name, listed in (
        ("functions", lambda: functions.list(total=False)),
        ("deployments", lambda: functions.list_deployments(NODE, total=False)),
        ("executions", lambda: functions.list_executions(NODE, total=False)),
    ):
        if SENDS_CAPITALS:
            text = "Invalid `total` param: Value must be a valid boolean"
            flow.checks.refused(400, "general_argument_invalid", listed, text)
        else:
            flow.checks.equal(listed()["total"], 0, f"total of {name} that was not asked for")


def leave_out_the_total_of_variables(flow: Flow) -> None:
    queries = [Query.equal("key", ["GREETING"])]
    listed = flow.functions.list_variables(NODE, queries=queries, total=False)
    keys = [variable["key"] for variable in listed["variables"]]
    flow.checks.equal((listed["total"], keys), (0, ["GREETING"]), "variables by key, not counted")


def keep_secrets(flow: Flow) -> None:
    """A secret is seen by the function alone."""
    functions = flow.functions
    created = functions.create_variable(
        function_id=NODE, variable_id=ID.unique(), key="TOKEN", value="s3cret", secret=True
    )
    found = functions.get_variable(NODE, created["$id"])
    seen = (created["value"], found["value"], found["secret"])
    flow.checks.equal(seen, ("", "", True), "a secret variable in the API")
    flow.checks.equal(flow.answered(NODE)["token"], "s3cret", "the secret in the function")
    flow.checks.refused(
        400,
        "variable_cannot_unset_secret",
        lambda: functions.update_variable(NODE, created["$id"], "TOKEN", secret=False),
    )
    secrets = [it["key"] for it in functions.list_variables(NODE)["variables"] if it["secret"]]
    flow.checks.equal(secrets, ["TOKEN"], "secret variables")
