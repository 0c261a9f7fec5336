"""The official CLI deploys a folder and brings it back: what it asks, says and leaves behind."""

from __future__ import annotations

import json
import re
from itertools import groupby
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from appwrite_emulator import Emulator

from .cli import FUNCTION, NEW, OLD, PROJECT, SOURCE, Cli, held
from .recorder import Recorder

CHANGED = SOURCE.replace("hello", "welcome")
KEPT = ("name", "runtime", "entrypoint", "commands", "execute", "scopes", "timeout", "logging")
PUSH = ("push", "functions", "--function-id", "hello", "--force")
RULES = {
    OLD: 'GET /v1/proxy/rules?queries[0]={"method":"limit","values":[1]}'
    '&queries[1]={"method":"equal","attribute":"resourceType","values":["function"]}'
    '&queries[2]={"method":"equal","attribute":"resourceId","values":["hello"]}',
    NEW: 'GET /v1/proxy/rules?queries[0]={"method":"limit","values":[1]}'
    '&queries[1]={"method":"equal","attribute":"deploymentResourceType","values":["function"]}'
    '&queries[2]={"method":"equal","attribute":"deploymentResourceId","values":["hello"]}'
    '&queries[3]={"method":"equal","attribute":"trigger","values":["manual"]}',
}
CREATE = {
    OLD: ["POST /v1/functions"],
    NEW: ["POST /v1/functions", "GET /v1/console/variables", "POST /v1/proxy/rules/function"],
}
LOOK = ["GET /v1/functions/hello"]
UPDATE = ["PUT /v1/functions/hello"]
DEPLOY = ["POST /v1/functions/hello/deployments", "GET /v1/functions/hello/deployments/ID"]
VARIABLES = "GET /v1/functions/hello/variables"
WIPE = {
    OLD: [VARIABLES, f"DELETE{VARIABLES[3:]}/ID", VARIABLES],
    NEW: [VARIABLES, f"DELETE{VARIABLES[3:]}/ID"],
}
PULL = [
    'GET /v1/functions?queries[0]={"method":"limit","values":[1]}',
    'GET /v1/functions?queries[0]={"method":"limit","values":[100]}'
    '&queries[1]={"method":"offset","values":[0]}',
    'GET /v1/functions/hello/deployments?queries[0]={"method":"limit","values":[1]}'
    '&queries[1]={"method":"orderDesc","values":["$id"]}',
    "GET /v1/functions/hello/deployments/ID/download",
]

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


def asked(recorder: Recorder) -> list[str]:
    """The calls since the last time, ID in place of ids; one that is repeated counts once."""
    calls = [re.sub(r"(/(deployments|variables))/\w+", r"\1/ID", call) for call in recorder.taken()]
    return [call for call, _ in groupby(calls)]


def use_key(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    """`appwrite client`, which asks the server for its version alone."""
    to = ("--endpoint", recorder.endpoint, "--project-id", PROJECT, "--key", emulator.key)
    assert "Success: Setting client" in cli.told("client", *to)
    assert recorder.taken() == ["GET /v1/health/version"]
    assert cli.prefs() == {"endpoint": recorder.endpoint, "key": emulator.key}


def sign_in(cli: Cli, recorder: Recorder) -> None:
    who = ("--email", "dev@example.com", "--password", "password")
    said = cli.told("login", *who, "--endpoint", recorder.endpoint)
    assert "Successfully signed in as dev@example.com" in said
    assert recorder.taken() == ["POST /v1/account/sessions/email", "GET /v1/account"]
    assert cli.prefs()["cookie"].startswith("a_session_console")


def answer(cli: Cli) -> str:
    """What the deployed function says to the CLI."""
    said = cli.told("functions", "create-execution", "--function-id", "hello", "--json")
    return str(json.loads(said)["responseBody"])


def is_deployed(emulator: Emulator, **changes: Any) -> None:
    """The emulator holds the function as the project file has it, with code that is ready."""
    function = held(emulator, "/functions/hello")
    wanted = {**FUNCTION, **changes}
    assert {name: function[name] for name in KEPT} == {name: wanted[name] for name in KEPT}
    assert function["buildSpecification"] == wanted["specification"]
    deployment = held(emulator, f"/functions/hello/deployments/{function['deploymentId']}")
    assert (deployment["status"], deployment["type"]) == ("ready", "cli")
    assert function["latestDeploymentId"] == deployment["$id"]


def test_pushing_and_pulling_with_a_key(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    use_key(cli, emulator, recorder)
    if cli.version == NEW:
        _make_without_a_session(cli, emulator, recorder)
    assert "Successfully pushed 1 functions." in cli.told(*PUSH)
    made = UPDATE if cli.version == NEW else CREATE[OLD]
    assert asked(recorder) == [*LOOK, *made, *DEPLOY, RULES[cli.version]]
    is_deployed(emulator)
    assert answer(cli).startswith("hello nobody: POST / ")
    _push_changes(cli, emulator, recorder)
    _pull(cli, recorder)
    assert cli.told("functions", "delete", "--function-id", "hello") == ""
    assert held(emulator, "/functions/hello") is None


def _make_without_a_session(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    """This version makes the function, then wants a session to give it a domain."""
    said = cli.run(*PUSH)
    assert (said.code, "Session not found" in said.text) == (0, True), said
    assert "No functions were pushed." in said.text
    assert asked(recorder) == [*LOOK, "POST /v1/functions"]
    assert held(emulator, "/functions/hello")["latestDeploymentId"] == ""


def _push_changes(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    recorder.taken()
    changes = {"name": "Renamed", "timeout": 30, "execute": ["users"]}
    cli.write_project(CHANGED, **changes)
    assert "Successfully pushed 1 functions." in cli.told(*PUSH)
    assert asked(recorder) == [*LOOK, *UPDATE, *DEPLOY, RULES[cli.version]]
    is_deployed(emulator, **changes)
    assert answer(cli).startswith("welcome nobody: POST / ")
    assert held(emulator, "/functions/hello/deployments")["total"] == 2


def _pull(cli: Cli, recorder: Recorder) -> None:
    """Into an empty folder: the same files, byte for byte, and the same entry."""
    recorder.taken()
    folder = cli.folder.parent / "pulled"
    folder.mkdir()
    file = folder / cli.project_file
    file.write_text(json.dumps({"projectId": PROJECT}), encoding="utf-8")
    said = cli.told("pull", "functions", "--all", "--force", inside=folder)
    assert "Successfully pulled 1 functions." in said
    assert asked(recorder) == PULL
    (entry,) = json.loads(file.read_text(encoding="utf-8"))["functions"]
    wanted = {**FUNCTION, "name": "Renamed", "timeout": 30, "execute": ["users"]}
    assert entry == {**wanted, "path": "functions/Renamed"}
    pulled = {each.name: each.read_bytes() for each in (folder / entry["path"]).iterdir()}
    assert pulled == {each.name: each.read_bytes() for each in cli.code.iterdir()}


def test_pushing_with_a_session(cli: Cli, emulator: Emulator, recorder: Recorder) -> None:
    sign_in(cli, recorder)
    assert "dev@example.com" in cli.told("whoami")
    assert recorder.taken() == ["GET /v1/account"]
    said = _push_with_variable(cli, "world")
    posted = [*LOOK, *CREATE[cli.version], VARIABLES, f"POST{VARIABLES[3:]}"]
    assert asked(recorder) == [*posted, *DEPLOY, RULES[cli.version]]
    is_deployed(emulator)
    assert answer(cli).startswith("hello world: POST / ")
    domains = [rule["domain"] for rule in held(emulator, "/proxy/rules")["rules"]]
    assert [domain for domain in domains if domain in said]
    recorder.taken()
    _push_with_variable(cli, "moon")
    posted = [*LOOK, *UPDATE, *WIPE[cli.version], f"POST{VARIABLES[3:]}"]
    assert asked(recorder) == [*posted, *DEPLOY, RULES[cli.version]]
    assert answer(cli).startswith("hello moon: POST / ")
    _sign_out(cli, recorder)


def _push_with_variable(cli: Cli, value: str) -> str:
    """What is said; one version takes variables from the project file, one from `.env`."""
    cli.write_project(vars=[{"key": "WHO", "value": value}])
    (cli.code / ".env").write_text(f"WHO={value}\n", encoding="utf-8")
    said = cli.told(*PUSH, "--with-variables")
    assert "Successfully pushed 1 functions." in said
    return said


def _sign_out(cli: Cli, recorder: Recorder) -> None:
    recorder.taken()
    cookie = cli.prefs()["cookie"]
    assert "Success: Logging out" in cli.told("logout")
    assert recorder.taken() == ["DELETE /v1/account/sessions/current"]
    assert cli.prefs() == {}
    assert "No user is signed in." in cli.run("whoami").text
    request = Request(f"{recorder.endpoint}/account", headers={"cookie": cookie})
    request.add_header("x-appwrite-project", "console")
    with pytest.raises(HTTPError) as refusal:
        urlopen(request)
    refusal.value.close()
    assert refusal.value.code == 401
