"""A function that fails unexpectedly fails its test, whoever called it; a test may expect it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appwrite_emulator import Appwrite, Emulator, FunctionFailed, isolated
from appwrite_emulator.client.api import Api
from appwrite_emulator.client.stubs import StubsFailed
from appwrite_emulator.execution.executor import Executor
from appwrite_emulator.services.stubs import StubCall, StubReply

from . import bakery

CREATED = "users.ann.create"
BURNT = "oven threw Error: burnt to a crisp (oven/lib/bake.js:2)"
ADVICE = (
    'If the test expects that: call(..., check=False), with appwrite.may_fail("oven"), '
    'expect_execution("oven", status="failed"), or @pytest.mark.appwrite(strict=False).'
)
ASKS = """
    import os
    import urllib.error
    import urllib.request

    def main(context):
        url = os.environ["APPWRITE_FUNCTION_API_ENDPOINT"] + "/databases/main/collections"
        headers = {
            "x-appwrite-project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
            "x-appwrite-key": context.req.headers["x-appwrite-key"],
        }
        try:
            urllib.request.urlopen(urllib.request.Request(url, headers=headers))
        except urllib.error.HTTPError as exc:
            if context.req.path == "/throw":
                raise
            return context.res.json({"code": exc.code})
"""


def burn(appwrite: Appwrite) -> None:
    """Let an event call a function that throws."""
    appwrite.fire(CREATED, {"name": "burnt"}, user="ann")


def failure_of(emulator: Emulator, test: Callable[[Appwrite], object]) -> str:
    """The first line of what makes `test` fail when its own code has ended well; "" if nothing."""
    with isolated(emulator) as appwrite:
        test(appwrite)
        try:
            appwrite.check()
        except FunctionFailed as exc:
            return str(exc).split("\n")[0]
    return ""


@pytest.mark.parametrize(
    ("cake", "failure"),
    [
        ("burnt", re.escape(BURNT)),
        ("exit", "oven crashed: The function's process exited with code 3"),
        ("wait", r"oven timed out after [\d.]+ s"),
    ],
)
def test_a_call_raises_at_once(emulator: Emulator, cake: str, failure: str) -> None:
    with isolated(emulator) as appwrite:
        with pytest.raises(FunctionFailed) as caught:
            appwrite.functions["oven"].call(cake)

        lines = str(caught.value).split("\n")
        assert re.fullmatch(failure, lines[0])
        assert lines[-1] == ADVICE
        assert caught.value.execution == appwrite.executions()[-1]


def test_what_was_raised_once_is_not_raised_again(emulator: Emulator) -> None:
    def test(appwrite: Appwrite) -> None:
        with pytest.raises(FunctionFailed):
            appwrite.functions["oven"].call("burnt")

    assert failure_of(emulator, test) == ""


def test_code_that_does_not_load_fails_its_call(emulator: Emulator) -> None:
    with isolated(emulator) as appwrite:
        (oven,) = appwrite.deploy(
            files={"main.py": "import flour"}, id="no-flour", runtime="python-3.12"
        )

        with pytest.raises(FunctionFailed, match="no-flour did not load: Module not found: flour"):
            oven.call()


def test_an_answer_of_500_is_an_answer(emulator: Emulator) -> None:
    assert failure_of(emulator, lambda appwrite: appwrite.functions["oven"].call("cold")) == ""


def by_event(appwrite: Appwrite) -> None:
    burn(appwrite)


def in_the_background(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("burnt", wait=False)
    appwrite.settle()


def at_its_time(appwrite: Appwrite) -> None:
    appwrite.clock.freeze("2030-01-01T00:00:00Z")
    appwrite.functions["oven"].call("burnt", at="2030-01-01T00:05:00Z")
    appwrite.clock.advance(minutes=5)


def by_another_client(appwrite: Appwrite) -> None:
    api = Api(appwrite.endpoint, appwrite.project, appwrite.key)
    api.ask("POST", "/functions/oven/executions", {"body": "burnt"})


def and_was_deleted(appwrite: Appwrite) -> None:
    burn(appwrite)
    appwrite.functions["oven"].delete()


@pytest.mark.parametrize(
    "test", [by_event, in_the_background, at_its_time, by_another_client, and_was_deleted]
)
def test_a_function_that_throws_fails_its_test(
    emulator: Emulator, test: Callable[[Appwrite], object]
) -> None:
    assert failure_of(emulator, test) == BURNT


def test_the_fixture_looks_when_the_test_has_ended(emulator: Emulator) -> None:
    with (
        pytest.raises(FunctionFailed, match=re.escape(BURNT)),
        isolated(emulator) as appwrite,
    ):
        burn(appwrite)


def test_a_function_that_cannot_be_run_fails_its_test(emulator: Emulator) -> None:
    def test(appwrite: Appwrite) -> None:
        api = Api(appwrite.endpoint, appwrite.project, appwrite.key)
        for each in appwrite.functions["oven"].deployments:
            api.ask("DELETE", f"/functions/oven/deployments/{each.id}")
        burn(appwrite)

    assert failure_of(emulator, test).startswith("oven was not run: The execution could not")


def test_a_run_that_the_emulator_itself_spoils_fails_its_test(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(*args: object, **kwargs: object) -> None:
        raise RuntimeError("our own mistake")

    monkeypatch.setattr(Executor, "run", run)

    assert failure_of(emulator, burn).startswith("oven was not run: The emulator failed while")


def test_a_loop_of_events_fails_its_test(emulator: Emulator) -> None:
    def test(appwrite: Appwrite) -> None:
        source = """
            import json, os, urllib.request
            def main(context):
                urllib.request.urlopen(urllib.request.Request(
                    os.environ["APPWRITE_FUNCTION_API_ENDPOINT"] + "/users",
                    json.dumps({"userId": "unique()"}).encode(),
                    {
                        "content-type": "application/json",
                        "x-appwrite-project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
                        "x-appwrite-key": context.req.headers["x-appwrite-key"],
                    },
                ))
                return context.res.empty()
        """
        appwrite.functions["oven"].delete()
        events, scopes = ["users.*.create"], ["users.write"]
        appwrite.deploy(files={"main.py": source}, id="loop", events=events, scopes=scopes)
        appwrite.fire(CREATED)

    assert re.match(r"loop was not run: .* did not call this function", failure_of(emulator, test))


def test_what_ended_by_a_reset_has_not_failed(emulator: Emulator) -> None:
    def test(appwrite: Appwrite) -> None:
        appwrite.functions["oven"].update(timeout=15)
        appwrite.functions["oven"].call("wait", wait=False)
        appwrite.reset()

    assert failure_of(emulator, test) == ""


def test_what_is_begun_last_is_judged_too(emulator: Emulator) -> None:
    def test(appwrite: Appwrite) -> None:
        source = (
            "import time\ndef main(context):\n    time.sleep(0.1)\n    raise ValueError('late')"
        )
        appwrite.deploy(files={"main.py": source}, id="late")
        appwrite.functions["late"].call(wait=False)

    assert "late threw ValueError: late" in failure_of(emulator, test)


def unchecked(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("burnt", check=False)


def unchecked_in_the_background(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("burnt", wait=False, check=False)
    appwrite.settle()


def expected_to_fail(appwrite: Appwrite) -> None:
    burn(appwrite)
    appwrite.expect_execution("oven", status="failed")


def expected_to_have_a_status(appwrite: Appwrite) -> None:
    burn(appwrite)
    appwrite.expect_execution("oven", status_code=500)


def expected_to_say_so(appwrite: Appwrite) -> None:
    burn(appwrite)
    appwrite.expect_execution(errors_contain="burnt")


def permitted_in_a_block(appwrite: Appwrite) -> None:
    with appwrite.may_fail("oven"):
        appwrite.functions["oven"].call("burnt")
        appwrite.functions["oven"].call("burnt", wait=False)


def permitted_from_now_on(appwrite: Appwrite) -> None:
    appwrite.may_fail()
    burn(appwrite)


def permitted_to_say_so(appwrite: Appwrite) -> None:
    with appwrite.may_fail("oven", errors_contain=["burnt", re.compile(r"bake\.js:\d")]):
        burn(appwrite)


@pytest.mark.parametrize(
    "test",
    [
        unchecked,
        unchecked_in_the_background,
        expected_to_fail,
        expected_to_have_a_status,
        expected_to_say_so,
        permitted_in_a_block,
        permitted_from_now_on,
        permitted_to_say_so,
    ],
)
def test_a_test_may_expect_a_failure(
    emulator: Emulator, test: Callable[[Appwrite], object]
) -> None:
    assert failure_of(emulator, test) == ""


def expected_to_have_been_called(appwrite: Appwrite) -> None:
    burn(appwrite)
    appwrite.expect_execution("oven", trigger="event")


def permitted_before_only(appwrite: Appwrite) -> None:
    with appwrite.may_fail("oven"):
        pass
    burn(appwrite)


def permitted_afterwards(appwrite: Appwrite) -> None:
    burn(appwrite)
    with appwrite.may_fail("oven"):
        pass


def permitted_to_say_something_else(appwrite: Appwrite) -> None:
    with appwrite.may_fail("oven", errors_contain="no flour"):
        burn(appwrite)


def permitted_to_another(appwrite: Appwrite) -> None:
    appwrite.may_fail("python")
    burn(appwrite)


@pytest.mark.parametrize(
    "test",
    [
        expected_to_have_been_called,
        permitted_before_only,
        permitted_afterwards,
        permitted_to_say_something_else,
        permitted_to_another,
    ],
)
def test_other_failures_stay_unexpected(
    emulator: Emulator, test: Callable[[Appwrite], object]
) -> None:
    assert failure_of(emulator, test) == BURNT


def test_a_lenient_test_fails_for_nothing(emulator: Emulator) -> None:
    with isolated(emulator, strict=False) as appwrite:
        appwrite.functions["oven"].call("burnt")
        burn(appwrite)
        appwrite.check()

        assert [each.is_broken for each in appwrite.executions()] == [True, True]


def test_of_many_failures_five_are_told_whole(emulator: Emulator) -> None:
    with isolated(emulator) as appwrite:
        for _ in range(7):
            burn(appwrite)

        with pytest.raises(FunctionFailed) as caught:
            appwrite.check()

    assert str(caught.value).count(BURNT) == 5
    assert "\n\nand oven (2 times) failed too\n\n" in str(caught.value)
    assert len(caught.value.executions) == 7


def test_a_call_that_met_no_stub_fails_the_call_of_its_function(emulator: Emulator) -> None:
    with isolated(emulator) as appwrite:
        (asks,) = appwrite.deploy(files={"main.py": ASKS}, id="asks")

        with pytest.raises(StubsFailed) as caught:
            asks.call()

        (asked,) = asks.executions()
        appwrite.check()  # it was told
    assert str(caught.value).split("\n") == [
        "GET /v1/databases/main/collections met no stub.",
        f"  called by: function asks in execution {asked.id}",
        "  no stub is near it",
        'Declare one: appwrite.stub.get("/databases/main/collections").json({...}). A test with '
        "@pytest.mark.appwrite(strict=False) goes on without; check=False is about how a function "
        "ends, not about what it calls.",
    ]


def test_a_function_that_throws_for_want_of_a_stub_says_both(emulator: Emulator) -> None:
    with isolated(emulator) as appwrite:
        (asks,) = appwrite.deploy(files={"main.py": ASKS}, id="asks")

        with pytest.raises(FunctionFailed) as caught:
            asks.call(path="/throw")

        appwrite.check()
    text = str(caught.value)
    assert text.startswith("asks threw urllib.error.HTTPError: HTTP Error 501")
    assert "\n\nGET /v1/databases/main/collections met no stub.\n  called by: function asks" in text


def test_a_stub_that_raises_fails_the_call_of_its_function(emulator: Emulator) -> None:
    def raise_error(call: StubCall) -> StubReply:
        raise KeyError(call.method)

    with isolated(emulator) as appwrite:
        (asks,) = appwrite.deploy(files={"main.py": ASKS}, id="asks", runtime="python-3.12")
        appwrite.stub.get("/databases/main/collections").answer(raise_error)

        with pytest.raises(
            StubsFailed, match=r"by function asks raised KeyError\('GET'\)"
        ) as caught:
            asks.call()

        appwrite.check()
    assert isinstance(caught.value.__cause__, KeyError)


def test_a_lenient_test_may_call_what_has_no_stub(emulator: Emulator) -> None:
    with isolated(emulator, strict=False) as appwrite:
        (asks,) = appwrite.deploy(files={"main.py": ASKS}, id="asks")

        assert asks.call().json() == {"code": 501}


def test_pytest_shows_the_line_of_the_test_and_none_of_ours(tmp_path: Path) -> None:
    bakery.write(tmp_path / "functions" / "oven", bakery.OVEN)
    bakery.write(
        tmp_path,
        {
            "test_oven.py": """
                from appwrite_emulator import Emulator, isolated

                def test_burns(tmp_path):
                    with Emulator(port=0) as emulator:
                        emulator.deploy("functions/oven", entrypoint="main.js")
                        with isolated(emulator) as appwrite:
                            appwrite.functions["oven"].call("burnt")
            """,
            "test_mistakes.py": """
                import pytest

                MISTAKES = {
                    "function": lambda it: it.functions["ovne"],
                    "setting": lambda it: it.functions["oven"].update(timeout=-1),
                    "called": lambda it: it.stub.get("/x").json(1).assert_called(),
                    "event": lambda it: it.fire("bogus"),
                    "deploy": lambda it: it.deploy(files={"a.txt": "x"}, id="x"),
                    "schedule": lambda it: it.functions["oven"].run_schedule(),
                }

                @pytest.mark.parametrize("mistake", [*MISTAKES])
                def test_mistake(appwrite, mistake):
                    MISTAKES[mistake](appwrite)
            """,
        },
    )

    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-vv"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert run.returncode == 1, run.stderr
    shown = run.stdout
    assert re.search(r'^> +appwrite\.functions\["oven"\]\.call\("burnt"\)$', shown, re.MULTILINE)
    assert re.search(r"^E +appwrite_emulator\.FunctionFailed: oven threw Err", shown, re.MULTILINE)
    assert "functions/oven/lib/bake.js:2:" in shown
    assert "test_oven.py:7: FunctionFailed" in shown
    assert "7 failed" in shown  # each of them for its own mistake
    assert not re.search(r"^/\S+:\d+: ", shown, re.MULTILINE)
    assert "emulator/appwrite_emulator/" not in shown
