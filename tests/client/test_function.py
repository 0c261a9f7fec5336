"""What a test sees of a function and changes of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator import Appwrite, Emulator, isolated
from appwrite_emulator.client.api import Refused
from appwrite_emulator.client.function import Function
from appwrite_emulator.client.functions import FunctionUnknown
from appwrite_emulator.client.judge import FunctionFailed
from appwrite_emulator.services.schedules import ScheduleUnknown


def test_the_next_call_sees_a_variable_that_was_set(function: Function) -> None:
    first = function.call().json()
    assert first["flour"] is None

    function.variables["FLOUR"] = "rye"
    second = function.call().json()
    function.variables["FLOUR"] = "wheat"
    third = function.call().json()
    del function.variables["FLOUR"]

    assert (second["flour"], third["flour"]) == ("rye", "wheat")
    assert function.call().json()["flour"] is None
    assert second["pid"] != first["pid"]


def test_variables_are_a_mapping(appwrite: Appwrite) -> None:
    variables = appwrite.variables["node"]
    variables.update(FLOUR="rye", OVEN="hot")

    assert dict(variables) == {"FLOUR": "rye", "OVEN": "hot"}
    assert appwrite.functions["node"].variables["OVEN"] == "hot"
    assert variables.pop("OVEN") == "hot"
    assert ("OVEN" in variables, len(variables)) == (False, 1)
    assert repr(variables) == "Variables({'FLOUR': 'rye'})"
    with pytest.raises(KeyError):
        del variables["OVEN"]
    assert list(appwrite.variables) == ["python", "node"]
    with pytest.raises(FunctionUnknown):
        appwrite.variables["nod"]


@pytest.mark.parametrize(
    ("key", "value", "kind", "text"),
    [
        ("PORT", 80, TypeError, "The value of a variable is 80, a int. It must be a text."),
        (80, "a", TypeError, "The key of a variable is 80"),
        ("", "a", ValueError, "It must have 1 to 255 characters"),
        ("A=B", "a", ValueError, "none of them '='"),
        ("A", "\0", ValueError, "cannot have a NUL"),
        ("A", "\ud800", ValueError, "cannot have a surrogate"),
        ("A", "x" * 8193, ValueError, "has 8,193 characters, 8,192 are possible"),
    ],
)
def test_what_is_no_variable_is_refused(
    appwrite: Appwrite, key: Any, value: Any, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        appwrite.variables["node"][key] = value


def test_a_variable_that_is_set_wins_over_the_env_file_until_the_test_ends(tmp_path: Path) -> None:
    folder = tmp_path / "greet"
    folder.mkdir()
    code = "import os\ndef main(context):\n    return context.res.text(os.environ.get('A', '-'))\n"
    (folder / "main.py").write_text(code)
    (folder / ".env").write_text("A=file\n")
    with Emulator(port=0) as emulator:
        emulator.deploy(folder)
        with isolated(emulator) as appwrite:
            function = appwrite.functions["greet"]
            assert (function.variables["A"], function.call().text) == ("file", "file")
            function.variables["A"] = "test"
            assert (function.variables["A"], function.call().text) == ("test", "test")
            del function.variables["A"]
            assert function.call().text == "-"
        with isolated(emulator) as appwrite:
            assert appwrite.functions["greet"].call().text == "file"


def test_settings_are_changed_and_others_stay(appwrite: Appwrite) -> None:
    function = appwrite.functions["python"]
    function.update(schedule="0 * * * *", timeout=7, execute=["users"])

    assert (function.schedule, function.enabled) == ("0 * * * *", True)
    assert function.call(user="ann").status == "completed"
    with pytest.raises(Refused):
        function.call(guest=True)
    function.update(enabled=False)
    assert not function.enabled
    assert function._row().timeout == 7
    assert function._row().entrypoint == "main.py"


@pytest.mark.parametrize(
    ("wrong", "kind", "text"),
    [
        ({"timeoutt": 5}, TypeError, "no setting 'timeoutt'. Did you mean timeout?"),
        ({"qqq": 5}, TypeError, "no setting 'qqq'. There are name, runtime"),
        ({"timeout": "soon"}, Refused, "Invalid `timeout` param"),
        ({"execute": ["vip"]}, Refused, "Invalid `execute` param"),
    ],
)
def test_wrong_settings_are_refused(
    appwrite: Appwrite, wrong: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=re.escape(text)):
        appwrite.functions["python"].update(**wrong)


def test_a_deleted_function_is_gone(appwrite: Appwrite) -> None:
    function = appwrite.functions["node"]
    function.delete()

    assert list(appwrite.functions) == ["python"]
    with pytest.raises(Refused) as caught:
        function.call()
    assert caught.value.type == "function_not_found"


def test_a_deleted_function_is_there_in_the_next_test(emulator: Emulator) -> None:
    with isolated(emulator) as appwrite:
        appwrite.functions["node"].delete()
    with isolated(emulator) as appwrite:
        assert appwrite.functions["node"].call().status == "completed"


def test_a_website_answers_visitors(function: Function) -> None:
    reply = function.visit("/cakes", query={"page": 2}, headers={"x-trace": "9"})

    told = reply.json()
    assert (told["method"], told["path"], told["query"]) == ("GET", "/cakes", {"page": "2"})
    assert (told["trace"], reply.status_code) == ("9", 200)
    assert reply.headers["content-type"].startswith("application/json")
    assert function.url.startswith(f"http://{function.id}.functions.localhost:")
    assert function.visit("/status", method="post", body="x").text == "made"


def test_a_website_is_visited_at_any_path_and_domain(appwrite: Appwrite) -> None:
    function = appwrite.functions["node"]
    values = {"domain": "cakes.localhost", "functionId": "node"}
    appwrite._stage.api.ask("POST", "/proxy/rules/function", values)

    assert function.visit("/süß und salzig").json()["path"] == "/s%C3%BC%C3%9F%20und%20salzig"
    assert function.visit("/a%20b", headers={"Host": "cakes.localhost"}).json()["path"] == "/a%20b"
    assert function.visit(headers={"Host": "tarts.localhost"}).status_code == 404


def test_a_website_that_throws_fails_its_test(function: Function) -> None:
    with pytest.raises(FunctionFailed):
        function.visit("/throw")

    assert function.visit("/throw", check=False).status_code == 500


def test_what_a_website_refuses_is_an_answer(appwrite: Appwrite) -> None:
    function = appwrite.functions["node"]
    function.update(execute=["users"])

    assert function.visit().status_code == 401
    assert function.executions() == []


def test_a_schedule_runs_when_a_test_says_so(function: Function) -> None:
    with pytest.raises(ScheduleUnknown, match="has no schedule"):
        function.run_schedule()
    function.update(schedule="0 0 1 1 *")

    execution = function.run_schedule()

    assert (execution.status, execution.trigger) == ("completed", "schedule")
    assert execution.json()["trigger"] == "schedule"


def test_executions_are_chosen(appwrite: Appwrite, function: Function) -> None:
    function.update(schedule="0 0 1 1 *")
    function.call()
    function.call(user="ann")
    function.call(path="/throw", check=False)
    function.run_schedule()

    assert len(function.executions()) == 4
    assert [each.path for each in function.executions(status="failed")] == ["/throw"]
    assert [each.user for each in function.executions(user="ann")] == ["ann"]
    assert len(appwrite.executions(trigger="schedule")) == 1
    assert len(appwrite.executions(function.id, trigger="http")) == 3


def test_a_choice_that_no_execution_can_meet_is_refused(appwrite: Appwrite) -> None:
    with pytest.raises(
        ValueError, match=r"status is 'fail', which no execution has\. Did you mean"
    ):
        appwrite.executions(status="fail")
    with pytest.raises(ValueError, match="trigger is 'web'"):
        appwrite.functions["node"].executions(trigger="web")
    with pytest.raises(FunctionUnknown):
        appwrite.executions("nod")


def test_deployments_are_told(appwrite: Appwrite) -> None:
    function = appwrite.functions["python"]

    (only,) = function.deployments
    assert (only.id, only.status) == (function.deployment, "ready")
