"""Everything a function goes through, with PyPI's appwrite from 17 on, whose models are typed."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from appwrite.client import Client
from appwrite.enums.deployment_download_type import DeploymentDownloadType
from appwrite.enums.execution_status import ExecutionStatus
from appwrite.exception import AppwriteException
from appwrite.id import ID
from appwrite.input_file import InputFile
from appwrite.models.deployment import Deployment
from appwrite.models.execution import Execution
from appwrite.models.function import Function
from appwrite.models.runtime import Runtime
from appwrite.models.specification import Specification
from appwrite.models.variable import Variable
from appwrite.query import Query
from appwrite.services.functions import Functions
from everything import run
from flow import NODE, Calls, Flow, Sdk, names_in

MODELS = {
    "function": Function,
    "deployment": Deployment,
    "execution": Execution,
    "variable": Variable,
    "runtime": Runtime,
    "specification": Specification,
}
VERSION = version("appwrite")
IS_NEW = int(VERSION.partition(".")[0]) >= 24  # executions name a resource, variables have own ids


def client() -> Client:
    """A client without a key, as a guest has it."""
    found = Client().set_endpoint(os.environ["APPWRITE_ENDPOINT"])
    return found.set_project(os.environ["APPWRITE_PROJECT_ID"])


def admin() -> Client:
    return client().set_key(os.environ["APPWRITE_API_KEY"])


def create_variable(function: str, key: str, value: str, secret: bool = False) -> dict[str, Any]:
    id = (ID.unique(),) if IS_NEW else ()
    variable = Functions(admin()).create_variable(function, *id, key, value, secret=secret)
    return dict(variable.to_dict())


def sdk() -> Sdk:
    functions = Functions(admin())

    def activate(function: str, deployment: str) -> dict[str, Any]:
        return dict(functions.update_function_deployment(function, deployment).to_dict())

    def cancel(function: str, deployment: str) -> dict[str, Any]:
        return dict(functions.update_deployment_status(function, deployment).to_dict())

    return Sdk(
        name=f"appwrite {VERSION}",
        functions=Calls(functions),
        guest=Calls(Functions(client())),
        queries=Query,
        input_file=InputFile,
        refusal=AppwriteException,
        create_variable=create_variable,
        rebuild=functions.create_duplicate_deployment,
        cancel=cancel,
        activate=activate,
        active="deploymentId",
        size="sourceSize",
        owner="resourceId" if IS_NEW else "functionId",
        taken="function_already_exists",
        models={name: aliases(model) for name, model in MODELS.items()},
    )


def aliases(model: Any) -> set[str]:
    """The names of what a model must have in a reply."""
    return {field.alias for field in model.model_fields.values() if field.is_required()}


def send_whole_models(flow: Flow) -> None:
    """The SDK fills in what a reply lacks; what really came is read beside its models."""
    raw, headers = admin(), {"X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"]}
    deployment = flow.functions.list_deployments(NODE)["deployments"][0]["$id"]
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
        answer = raw.call("get", f"/functions/{path}", headers)
        for found in answer.get(path, [answer]):
            flow.checks.has(found, flow.sdk.models[kind], f"the sent {kind}")
            MODELS[kind].model_validate(found)


def type_the_answers(flow: Flow) -> None:
    functions = Functions(admin())
    execution = functions.create_execution(NODE, path="/typed")
    flow.checks.equal(execution.status, ExecutionStatus.COMPLETED, "the typed status")
    function = functions.get(NODE)
    flow.checks.equal(function.deploymentid, function.latestdeploymentid, "the newest is active")
    flow.checks.equal(function.latestdeploymentstatus, "ready", "status of the newest deployment")
    flow.checks.equal(execution.deploymentid, function.deploymentid, "the execution's deployment")


def leave_out_the_total(flow: Flow) -> None:
    """Version 17 sends `False`, which is no boolean to Appwrite either."""
    functions = Functions(admin())
    if IS_NEW:
        total = functions.list_executions(NODE, total=False).total
        flow.checks.equal(total, 0, "total that was not asked for")
    else:
        flow.checks.refused(
            400,
            "general_argument_invalid",
            lambda: functions.list_executions(NODE, total=False),
            "Invalid `total` param: Value must be a valid boolean",
        )


def keep_secrets(flow: Flow) -> None:
    """A secret is seen by the function alone."""
    functions = Functions(admin())
    created = create_variable(NODE, "TOKEN", "s3cret", secret=True)
    found = functions.get_variable(NODE, created["$id"])
    seen = (created["value"], found.value, found.secret)
    flow.checks.equal(seen, ("", "", True), "a secret variable in the API")
    flow.checks.equal(flow.answered(NODE)["token"], "s3cret", "the secret in the function")
    flow.checks.refused(
        400,
        "variable_cannot_unset_secret",
        lambda: functions.update_variable(NODE, created["$id"], "TOKEN", secret=False),
    )
    if IS_NEW:
        by_secret = functions.list_variables(NODE, queries=[Query.equal("secret", True)])
        flow.checks.equal([each.key for each in by_secret.variables], ["TOKEN"], "secret variables")


def download_the_build(flow: Flow) -> None:
    functions = Functions(admin())
    id = functions.get(NODE).deploymentid
    source = functions.get_deployment_download(NODE, id, DeploymentDownloadType.SOURCE)
    output = functions.get_deployment_download(NODE, id, DeploymentDownloadType.OUTPUT)
    wanted = (flow.archives / "node-12mib.tar.gz").read_bytes()
    flow.checks.true(source == wanted, "bytes of the source, asked for by type")
    flow.checks.true({"main.js", "blob.bin"} <= names_in(output), "files of the build's output")


if __name__ == "__main__":
    run(
        Flow(sdk(), Path(sys.argv[1])),
        send_whole_models,
        type_the_answers,
        leave_out_the_total,
        keep_secrets,
        download_the_build,
    )
