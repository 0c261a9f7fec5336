"""What SDKs with typed models ask for more: fields that must be there, and their types."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any

from appwrite.services.functions import Functions
from flow import NODE, Flow
from sdk import admin


def send_whole_models(flow: Flow) -> None:
    """The SDK fills in what a reply lacks; what really came is read beside its models."""
    raw, headers = admin(), {"X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"]}
    deployment = flow.listed("deployments", function=NODE)[0]["$id"]
    execution = flow.functions.list_executions(NODE)["executions"][0]["$id"]
    variable = flow.functions.list_variables(NODE)["variables"][0]["$id"]
    for kind, path in (
        ("function", NODE),
        ("deployment", f"{NODE}/deployments/{deployment}"),
        ("execution", f"{NODE}/executions/{execution}"),
        ("variable", f"{NODE}/variables/{variable}"),
        ("runtime", "runtimes"),
        ("specification", "specifications"),
    ):
        model = getattr(import_module(f"appwrite.models.{kind}"), kind.title())
        answer = raw.call("get", f"/functions/{path}", headers)
        for found in answer.get(path, [answer]):
            flow.checks.has(found, _required(model), f"the sent {kind}")
            model.model_validate(found)


def _required(model: Any) -> set[str]:
    return {field.alias for field in model.model_fields.values() if field.is_required()}


def type_the_answers(flow: Flow) -> None:
    functions = Functions(admin())
    execution = functions.create_execution(NODE, path="/typed")
    flow.checks.equal(execution.status.value, "completed", "the typed status")
    flow.checks.equal(execution.trigger.value, "http", "the typed trigger")
    function = functions.get(NODE)
    flow.checks.equal(function.deploymentid, function.latestdeploymentid, "the newest is active")
    flow.checks.equal(function.latestdeploymentstatus, "ready", "status of the newest deployment")
    flow.checks.equal(execution.deploymentid, function.deploymentid, "the execution's deployment")
