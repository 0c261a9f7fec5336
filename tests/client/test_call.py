"""Calls of functions: what is sent arrives, and what comes of it is told."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from appwrite_emulator import Appwrite
from appwrite_emulator.client.api import Refused
from appwrite_emulator.client.function import Function
from appwrite_emulator.client.functions import FunctionUnknown
from appwrite_emulator.client.judge import FunctionFailed
from appwrite_emulator.client.stage import NotDue
from appwrite_emulator.services.projects import DeployFailed


def test_a_call_arrives_as_it_was_made(function: Function) -> None:
    execution = function.call(
        json={"loaves": 2}, path="/bake", query={"crust": "dark", "cut": True}, method="put",
        headers={"X-Trace": "7"},
    )  # fmt: skip

    told = execution.json()
    assert told["method"] == "PUT"
    assert (told["path"], told["query"]) == ("/bake", {"crust": "dark", "cut": "true"})
    assert (told["body"], told["type"]) == ('{"loaves": 2}', "application/json")
    assert told["trace"] == "7"
    assert execution.path == "/bake?crust=dark&cut=true"
    assert (execution.status, execution.status_code, execution.trigger) == (
        "completed",
        200,
        "http",
    )
    assert execution.logs.strip() == "called at /bake"
    assert execution.function == function.id


def test_an_answer_has_its_status_and_headers(function: Function) -> None:
    execution = function.call(path="/status")

    assert (execution.status_code, execution.text) == (201, "made")
    assert execution.headers["X-Kind"] == "bread"


def test_bytes_go_there_and_back(function: Function) -> None:
    content = bytes(range(256))

    assert function.call(content, path="/binary").body == content[::-1]


@pytest.mark.parametrize("value", [{}, [], 0, False, "", "text", [1, {"a": None}]])
def test_any_json_is_sent(appwrite: Appwrite, value: Any) -> None:
    told = appwrite.functions["python"].call(json=value).json()

    assert told["type"] == "application/json"
    assert told["body"] == json.dumps(value)


def test_a_given_content_type_is_kept(appwrite: Appwrite) -> None:
    headers = {"Content-Type": "application/vnd.bakery+json"}
    told = appwrite.functions["node"].call(json={}, headers=headers).json()

    assert told["type"] == "application/vnd.bakery+json"


def test_a_user_is_made_when_he_is_first_named(function: Function) -> None:
    told = function.call(user="ann").json()

    assert (told["user"], told["jwt"]) == ("ann", True)
    assert [each.user for each in function.executions()] == ["ann"]


def test_a_server_and_a_guest_are_nobody(function: Function) -> None:
    assert function.call().json()["user"] in ("", None)
    assert function.call(guest=True).json()["user"] in ("", None)


def test_a_function_that_throws_fails_its_test_at_the_call(function: Function) -> None:
    with pytest.raises(FunctionFailed, match=function.id):
        function.call(path="/throw")


def test_a_failure_that_is_expected_is_an_execution(function: Function) -> None:
    execution = function.call(path="/throw", check=False)

    assert (execution.status, execution.status_code) == ("failed", 500)
    assert execution.is_broken
    assert "out of flour" in execution.errors


def test_calls_in_the_background_are_waited_for(appwrite: Appwrite, function: Function) -> None:
    begun = function.call(path="/status", wait=False)
    ended = appwrite.finished(begun)

    assert ended.id == begun.id
    assert (ended.status, ended.status_code, ended.text) == ("completed", 201, "made")


def test_a_background_failure_is_told_when_it_is_waited_for(appwrite: Appwrite) -> None:
    begun = appwrite.functions["python"].call(path="/throw", wait=False)

    with pytest.raises(FunctionFailed):
        appwrite.finished(begun)


def test_a_background_failure_can_be_expected(appwrite: Appwrite) -> None:
    node = appwrite.functions["node"]

    assert appwrite.finished(node.call(path="/throw", wait=False), check=False).is_broken
    assert appwrite.finished(node.call(path="/throw", wait=False, check=False)).is_broken


def test_a_call_is_scheduled_and_runs_at_its_moment(appwrite: Appwrite) -> None:
    appwrite.clock.freeze("2030-05-01T12:00Z")
    naive = datetime(2030, 5, 1, 13, 30)
    begun = appwrite.functions["python"].call(at=naive, user="ann")
    assert (begun.status, begun.scheduled_at) == ("scheduled", "2030-05-01T13:30:00.000+00:00")

    with pytest.raises(NotDue, match=r"begins at 2030-05-01T13:30.*Move it"):
        appwrite.finished(begun)
    appwrite.clock.advance(hours=2)

    ended = appwrite.finished(begun)
    assert ended.json()["trigger"] == "schedule"
    assert (ended.status, ended.user) == ("completed", "ann")


def test_a_moment_with_a_zone_is_meant_there(appwrite: Appwrite) -> None:
    appwrite.clock.freeze("2030-05-01T12:00Z")
    there = datetime(2030, 5, 1, 15, 0, tzinfo=timezone(timedelta(hours=2)))

    begun = appwrite.functions["python"].call(at=there)

    assert begun.scheduled_at == "2030-05-01T13:00:00.000+00:00"


@pytest.mark.parametrize(
    ("wrong", "kind", "text"),
    [
        ({"body": "a", "json": {}}, TypeError, "Both body and json are given"),
        ({"body": {"a": 1}}, TypeError, "body is {'a': 1}, a dict. Say json=..."),
        ({"body": None}, TypeError, "body is None, a NoneType. Give text or bytes"),
        ({"user": "ann", "guest": True}, TypeError, "as the user 'ann' or as a guest"),
        ({"user": "ann smith"}, ValueError, "user is 'ann smith', it must be at most 36 letters"),
        ({"headers": {"x-a": 1}}, TypeError, "The header 'x-a' is 1. Names and values"),
        ({"path": b"/a"}, TypeError, "path is b'/a', it must be a text"),
        ({"method": 5}, TypeError, "method is 5, it must be a text"),
        ({"json": float("nan")}, ValueError, "not JSON compliant"),
        ({"at": 5}, TypeError, "at is 5, it must be a datetime"),
        (
            {"at": datetime(2030, 1, 1, 0, 0, 30, tzinfo=UTC)},
            ValueError,
            "at is 2030-01-01T00:00:30+00:00. Appwrite begins executions at full minutes",
        ),
    ],
)
def test_what_cannot_be_sent_is_refused(
    appwrite: Appwrite, wrong: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        appwrite.functions["python"].call(**wrong)
    assert appwrite.executions() == []


def test_what_appwrite_refuses_says_why(appwrite: Appwrite) -> None:
    with pytest.raises(Refused, match="Invalid `method` param") as caught:
        appwrite.functions["node"].call(method="BREW")

    assert (caught.value.code, caught.value.type) == (400, "general_argument_invalid")


def test_a_function_that_is_not_there_names_the_near_ones(appwrite: Appwrite) -> None:
    with pytest.raises(FunctionUnknown, match=r"no function 'nod'\. Did you mean node\?"):
        appwrite.functions["nod"]
    with pytest.raises(KeyError, match=r"There are: python, node\."):
        appwrite.functions["xyz"]
    assert list(appwrite.functions) == ["python", "node"]
    assert len(appwrite.functions) == 2


def test_a_function_without_a_deployment_says_so(appwrite: Appwrite) -> None:
    values = {"functionId": "bare", "name": "bare", "runtime": "node-22", "execute": ["any"]}
    appwrite._stage.api.ask("POST", "/functions", values)

    with pytest.raises(Refused, match="Deploy 'bare': it has no deployment"):
        appwrite.functions["bare"].call()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"query": "page=2"}, "query is 'page=2', it must be an object"),
        ({"query": [("page", 2)]}, "query is .*, it must be an object"),
        ({"query": {"page": None}}, "query has None, a NoneType"),
        ({"query": {"page": b"2"}}, "query has b'2', a bytes"),
        ({"query": {"page": {"a": 1}}}, "query has {'a': 1}, a dict"),
        ({"headers": "x-a: 1"}, "headers is 'x-a: 1', it must be an object"),
        ({"at": 0}, "at is 0, it must be a datetime"),
    ],
)
def test_what_cannot_be_sent_is_named(appwrite: Appwrite, wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        appwrite.functions["python"].call(**wrong)
    assert appwrite.executions() == []


def test_an_empty_moment_is_none(appwrite: Appwrite) -> None:
    with pytest.raises(Refused, match="must be a valid date"):
        appwrite.functions["python"].call(at="")


@pytest.mark.parametrize("name", ["Content-Length", "transfer-encoding"])
def test_a_visit_says_no_wrong_length(appwrite: Appwrite, name: str) -> None:
    with pytest.raises(ValueError, match=f"The header '{name}' is set for the body"):
        appwrite.functions["python"].visit("/", headers={name: "99"})


def test_a_visit_needs_no_slash(appwrite: Appwrite) -> None:
    assert appwrite.functions["python"].visit("menu").json()["path"] == "/menu"
    assert appwrite.functions["python"].visit("?page=2").json()["query"] == {"page": "2"}


@pytest.mark.parametrize("id", [None, 3, ("python",), b"python"])
def test_an_id_that_is_no_text_is_unknown(appwrite: Appwrite, id: Any) -> None:
    with pytest.raises(FunctionUnknown, match="There are: python, node"):
        appwrite.functions[id]


def test_what_a_function_says_cannot_reach_a_terminal(appwrite: Appwrite) -> None:
    code = 'def main(context):\n    raise ValueError("\\x1b]0;title\\x07 \\x1b[31mred")\n'
    (loud,) = appwrite.deploy(files={"main.py": code}, id="loud")

    told = str(loud.call(check=False))

    assert told.isprintable()
    assert told.endswith("title\N{SYMBOL FOR BELL} red")


def test_what_a_build_says_cannot_reach_a_terminal(appwrite: Appwrite) -> None:
    code = {"main.py": "def main(context): ..."}
    with pytest.raises(DeployFailed) as caught:
        appwrite.deploy(files=code, id="rude", commands="printf '\\033]0;title\\007'; exit 3")
    with pytest.raises(Refused) as refused:
        appwrite.functions["rude"].call()

    assert "]0;title" in str(caught.value)
    assert "]0;title" in refused.value.message
    for text in (str(caught.value), refused.value.message):
        assert all(line.isprintable() for line in text.split("\n"))
    assert "a function. The newest deployment of 'rude' is failed:\n" in refused.value.message


def test_a_function_that_is_disabled_says_so(appwrite: Appwrite) -> None:
    baker = appwrite.functions["python"]
    baker.update(enabled=False, execute=["any"])

    assert baker.call().status_code == 200
    with pytest.raises(Refused, match=r"could not be found\. 'python' is disabled") as caught:
        baker.call(user="ann")
    assert caught.value.type == "function_not_found"


def test_json_that_is_too_deep_is_none(appwrite: Appwrite) -> None:
    code = "def main(context):\n    return context.res.text('[' * 100_000)\n"
    (deep,) = appwrite.deploy(files={"main.py": code}, id="deep")

    with pytest.raises(ValueError, match="The answer is no JSON but"):
        deep.call().json()
    appwrite.expect_no_execution("deep", json=[])
