"""The commands below `appwrite functions`: what each prints, and what the emulator holds then."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .cli import NEW, OLD

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One command. `<name>` stands for an id that an earlier command printed."""

    command: str
    printed: Fields = field(default_factory=dict)  # fields of the printed JSON
    at: str = ""  # a path below /functions
    held: Fields | None = field(default_factory=dict)  # fields of what is there; None: nothing
    keep: str = ""  # what the printed id is called from now on
    refusal: str = ""  # what the command ends with instead
    only: str = ""  # the version that has the command, when not both have


_DOWNLOAD = "asks for /v1http://HOST/v1/..., a path that no server has"
_TEMPLATE = "its --version prints the version of the CLI, and asks a registry for the newest"
UNABLE = {
    OLD: {"get-deployment-download": _DOWNLOAD},
    NEW: {"get-deployment-download": _DOWNLOAD, "create-template-deployment": _TEMPLATE},
}
"""Commands of functions that no row below gives, and why."""

_SETTINGS = {
    "name": "Made",
    "execute": ["any", "users"],
    "events": ["users.*.create"],
    "schedule": "0 0 1 1 *",
    "timeout": 20,
    "enabled": True,
    "logging": True,
    "entrypoint": "main.js",
    "commands": "true",
    "scopes": ["users.read"],
    "providerSilentMode": True,
    "providerRootDirectory": "src",
}
_DEFAULTS = {"execute": [], "events": [], "schedule": "", "timeout": 15, "scopes": []}
_ECHO = {"status": "completed", "responseStatusCode": 200, "requestPath": "/hi?a=1"}
_USED_ONE = {"range": "24h", "executionsTotal": 2}
_USED = {**_USED_ONE, "functionsTotal": 1}
_DEPLOYMENT = "--function-id made --deployment-id <deployment>"
_VARIABLE = "--function-id made --variable-id <variable>"
_EXECUTION = "--function-id made --execution-id <execution>"

CALLS = (
    Call("list-runtimes"),
    Call("list-specifications", {"total": 9}),
    Call("list-templates --use-cases starter --runtimes node-22 --limit 1", {"total": 1}),
    Call("get-template --template-id starter", {"id": "starter", "scopes": ["users.read"]}),
    Call(
        "create --function-id made --name Made --runtime node-22 --execute any users "
        "--events users.*.create --schedule '0 0 1 1 *' --timeout 20 --enabled true "
        "--logging true --entrypoint main.js --commands true --scopes users.read "
        "--provider-silent-mode true --provider-root-directory src --specification s-1vcpu-1gb",
        {**_SETTINGS, "$id": "made", "specification": "s-1vcpu-1gb"},
        at="/made",
        held={**_SETTINGS, "buildSpecification": "s-1vcpu-1gb"},
    ),
    Call(
        "create --function-id made --name Again --runtime node-22",
        refusal="with the requested ID already exists",
    ),
    Call(
        "update --function-id made --name Remade --runtime node-22 --execute any --timeout 10",
        {**_DEFAULTS, "name": "Remade", "execute": ["any"], "timeout": 10},
        at="/made",
        held={**_DEFAULTS, "name": "Remade", "execute": ["any"], "timeout": 10},
    ),
    Call("get --function-id made", {"$id": "made", "name": "Remade"}),
    Call("list --search Remade", {"total": 1}),
    Call(
        """list --queries '{"method":"equal","attribute":"name","values":["Made"]}'""",
        {"total": 0, "functions": []},
    ),
    Call(
        "create-variable --function-id made --key WHO --value someone",
        {"key": "WHO", "value": "someone", "resourceType": "function", "resourceId": "made"},
        at="/made/variables/<variable>",
        held={"value": "someone", "secret": False},
        keep="variable",
        only=OLD,
    ),
    Call(
        "create-variable --function-id made --key WHO --value someone --secret false",
        {"key": "WHO", "value": "someone", "secret": False, "resourceType": "function"},
        at="/made/variables/<variable>",
        held={"value": "someone", "secret": False},
        keep="variable",
        only=NEW,
    ),
    Call(
        f"update-variable {_VARIABLE} --key WHO --value world",
        {"key": "WHO", "value": "world"},
        at="/made/variables/<variable>",
        held={"value": "world", "secret": False},
    ),
    Call(f"get-variable {_VARIABLE}", {"key": "WHO", "value": "world"}),
    Call("list-variables --function-id made", {"total": 1}),
    Call("create-execution --function-id made", refusal="Create a deployment"),
    Call(
        "create-deployment --function-id made --code functions/hello --activate true "
        "--entrypoint main.js --commands true",
        {"type": "cli", "activate": True, "entrypoint": "main.js", "resourceId": "made"},
        at="/made/deployments/<deployment>",
        held={"status": "ready", "type": "cli"},
        keep="deployment",
    ),
    Call(f"get-deployment {_DEPLOYMENT}", {"status": "ready", "type": "cli"}),
    Call("list-deployments --function-id made", {"total": 1}),
    Call(f"create-build {_DEPLOYMENT}", only=OLD),
    Call(
        f"create-duplicate-deployment {_DEPLOYMENT}",
        {"type": "cli", "activate": True},
        at="/made/deployments/<again>",
        held={"status": "ready"},
        keep="again",
        only=NEW,
    ),
    Call("list-deployments --function-id made", {"total": 2}),
    Call(
        f"update-deployment {_DEPLOYMENT}",
        {"$id": "made", "deployment": "<deployment>"},
        at="/made",
        held={"deploymentId": "<deployment>"},
        only=OLD,
    ),
    Call(
        f"update-function-deployment {_DEPLOYMENT}",
        {"$id": "made", "deploymentId": "<deployment>"},
        at="/made",
        held={"deploymentId": "<deployment>"},
        only=NEW,
    ),
    Call(f"update-deployment-build {_DEPLOYMENT}", refusal="already completed", only=OLD),
    Call(f"update-deployment-status {_DEPLOYMENT}", refusal="already completed", only=NEW),
    Call(
        "create-vcs-deployment --function-id made --type branch --reference main --activate false",
        {"type": "vcs", "activate": False, "providerBranch": "main"},
        at="/made/deployments/<branch>",
        held={"status": "failed"},
        keep="branch",
        only=NEW,
    ),
    Call(
        "create-execution --function-id made --body Ada --async false --xpath '/hi?a=1' "
        """--method PUT --headers '{"x-a":"b"}'""",
        {**_ECHO, "requestMethod": "PUT", "responseBody": "hello world: PUT /hi?a=1 Ada b"},
        at="/made/executions/<execution>",
        held={**_ECHO, "requestMethod": "PUT", "logs": "said hello\n"},
        keep="execution",
    ),
    Call(
        "create-execution --function-id made --async true",
        {"status": "waiting", "responseStatusCode": 0},
        at="/made/executions/<later>",
        held={"status": "completed", "responseStatusCode": 200, "logs": "said hello\n"},
        keep="later",
    ),
    Call("get-usage --range 24h", _USED, only=OLD),
    Call("get-function-usage --function-id made --range 24h", _USED_ONE, only=OLD),
    Call("list-usage --range 24h", _USED, only=NEW),
    Call("get-usage --function-id made --range 24h", _USED_ONE, only=NEW),
    Call(f"get-execution {_EXECUTION}", {**_ECHO, "responseBody": ""}),
    Call("list-executions --function-id made", {"total": 2}),
    Call(f"delete-execution {_EXECUTION}", at="/made/executions/<execution>", held=None),
    Call(f"get-execution {_EXECUTION}", refusal="Execution with the requested ID"),
    Call(f"delete-variable {_VARIABLE}", at="/made/variables/<variable>", held=None),
    Call(f"delete-deployment {_DEPLOYMENT}", at="/made/deployments/<deployment>", held=None),
    Call("delete --function-id made", at="/made", held=None),
    Call("get --function-id made", refusal="Function with the requested ID could not be found."),
)
