"""Executions are told to people: what went wrong, where in their own files, with what was said."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from appwrite_emulator import Appwrite, Emulator, isolated
from appwrite_emulator.client.api import Api
from appwrite_emulator.client.execution import Execution
from appwrite_emulator.client.telling import Telling
from appwrite_emulator.models import Caller
from appwrite_emulator.places import Copies
from appwrite_emulator.services.live_logs import Wanted
from appwrite_emulator.services.runs import ExecutionRequest
from appwrite_emulator.services.under_way import NotSettled

from .bakery import LANGUAGES

TOLD = {
    "module": """\
module threw TypeError: no oven for pie (module/lib/bake.mjs:2)
    http POST / as ann: 500 in N ms
    called with:
    │ pie
    logs:
    │ baking
    errors:
    │ TypeError: no oven for pie
    │     at bake (module/lib/bake.mjs:2:9)
    │     at main (module/main.mjs:4:19)""",
    "python": """\
python threw ValueError: no oven for pie (python/lib/bake.py:5)
    http POST / as ann: 500 in N ms
    called with:
    │ pie
    logs:
    │ baking
    errors:
    │ Traceback (most recent call last):
    │   File "python/lib/bake.py", line 3, in bake
    │     {}[cake]
    │ KeyError: 'pie'
    │
    │ The above exception was the direct cause of the following exception:
    │
    │ Traceback (most recent call last):
    │   File "python/main.py", line 5, in main
    │     return context.res.text(bake(context.req.body_text))
    │   File "python/lib/bake.py", line 5, in bake
    │     raise ValueError(f"no oven for {cake}") from exc
    │ ValueError: no oven for pie""",
    "php": """\
php threw no oven for pie (php/lib/bake.php:3)
    http POST / as ann: 500 in N ms
    called with:
    │ pie
    logs:
    │ baking
    errors:
    │ no oven for pie
    │ #0 php/index.php(5): bake('pie')
    │ #1 {main}
    │ At php/lib/bake.php:3""",
}


def calm(text: str) -> str:
    """`text` without what differs from run to run, and from one version of Python to the next."""
    text = re.sub(r"in [\d.]+ m?s", "in N ms", text.replace(", cold", ""))
    return re.sub(r"\n    │ +[~^]+(?=\n)", "", text)


def telling(here: Path = Path("/")) -> Telling:
    return Telling(Copies(None), lambda execution: None, here)


def execution(**fields: object) -> Execution:
    made = Execution(
        id="e1",
        function="greet",
        trigger="http",
        method="POST",
        path="/",
        status="completed",
        outcome="answered",
        status_code=200,
    )
    return replace(made, **fields)  # type: ignore[arg-type]  # what tests name


@pytest.mark.parametrize("id", LANGUAGES)
def test_an_error_is_told_in_the_developers_own_files(appwrite: Appwrite, id: str) -> None:
    appwrite.user("ann")
    appwrite.functions[id].update(execute=["any"])

    appwrite.functions[id].call("pie", user="ann")

    assert calm(appwrite.report()) == TOLD[id]


def test_what_is_good_has_a_line_and_what_it_said(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie", path="/now?x=1")

    assert calm(appwrite.report()) == "oven: http POST /now?x=1: 200 in N ms\n    │ baking pie"


def test_who_called_by_what_event_is_told(appwrite: Appwrite) -> None:
    appwrite.fire("users.ann.create", {"name": "cold"}, user="root")

    heading, *said = calm(appwrite.report()).split("\n")

    assert heading == "oven: event users.ann.create as root: 500 in N ms"
    assert said == ["    │ baking cold", "    │ no heat"]


@pytest.mark.parametrize(
    ("cake", "told"),
    [
        ("exit", "oven crashed: The function's process exited with code 3"),
        ("wait", r"oven timed out after [\d.]+ s"),
    ],
)
def test_a_function_that_comes_to_no_answer_is_told(
    appwrite: Appwrite, cake: str, told: str
) -> None:
    appwrite.functions["oven"].call(cake)

    heading, request, *rest = appwrite.report().split("\n")

    assert re.fullmatch(told, heading)
    assert calm(request) == "    http POST /: 500 in N ms"
    assert f"    │ baking {cake}" in rest


def test_what_answers_an_error_on_purpose_is_not_broken(appwrite: Appwrite) -> None:
    execution = appwrite.functions["oven"].call("cold")

    assert (execution.status, execution.is_broken, execution.failure) == ("failed", False, "")


def test_a_function_that_cannot_be_run_is_told(emulator: Emulator, appwrite: Appwrite) -> None:
    api = Api.of(emulator)
    for each in appwrite.functions["oven"].deployments:
        api.ask("DELETE", f"/functions/oven/deployments/{each.id}")

    appwrite.fire("users.ann.create", {"name": "pie"}, user="ann")

    heading, request, *rest = appwrite.report().split("\n")
    assert heading.startswith("oven was not run: The execution could not be completed because")
    assert request == "    event users.ann.create as ann: failed"
    assert rest[0] == "    errors:"
    assert rest[1].startswith("    │ The execution could not be completed because")


def test_what_is_pending_is_told_with_what_it_said(emulator: Emulator, appwrite: Appwrite) -> None:
    appwrite.functions["oven"].update(timeout=15)
    id = emulator.in_loop(begun, emulator)

    with pytest.raises(NotSettled) as caught:
        appwrite.settle(0.01)

    assert caught.value.__notes__ == [f"execution {id} of oven has said so far:\n    │ baking wait"]


def test_what_the_clock_waits_for_in_vain_is_told(emulator: Emulator, appwrite: Appwrite) -> None:
    appwrite.functions["oven"].update(timeout=15)
    id = emulator.in_loop(begun, emulator)
    with isolated(emulator, timeout=0.01) as hasty, pytest.raises(NotSettled) as caught:
        hasty.clock.advance(hours=1)

    assert caught.value.__notes__[0].startswith(f"execution {id} of oven has said so far:")


def test_what_goes_on_is_reported_too(emulator: Emulator, appwrite: Appwrite) -> None:
    appwrite.functions["oven"].update(timeout=15)
    appwrite.functions["oven"].call("pie")
    id = emulator.in_loop(begun, emulator)

    assert calm(appwrite.report()).split("\n") == [
        "oven: http POST /: 200 in N ms",
        "    │ baking pie",
        f"execution {id} of oven has said so far:",
        "    │ baking wait",
    ]


async def begun(emulator: Emulator) -> str:
    """The id of an execution that goes on, and has said something."""
    services = emulator.services
    with services.ground.live_logs.listening(Wanted()) as listener:
        request = ExecutionRequest(body=b"wait", is_async=True)
        caller = Caller(emulator.project, is_privileged=True)
        answer = await services.executions.create(caller, "oven", request)
        await listener.next()
    return answer.execution.id


def test_of_long_output_the_middle_is_left_out() -> None:
    long = execution(logs="\n".join(map(str, range(1000))))

    lines = telling().explain(long).split("\n")

    assert len(lines) == 203
    assert lines[101:104] == ["    │ 99", "    │ … 800 lines are left out here", "    │ 900"]


def test_of_a_long_request_twenty_lines_are_told() -> None:
    long = execution(request_body=b"\n".join([b"line"] * 100), outcome="threw", errors="Error: no")

    told = telling().explain(long)

    assert told.count("    │ line") == 20
    assert "    │ … 80 lines are left out here" in told


def test_bytes_are_counted() -> None:
    assert "    │ (3 bytes that are no text)" in telling().explain(execution(body=b"\xff\0\1"))


def test_what_functions_say_cannot_touch_the_terminal() -> None:
    rude = execution(path="/\x1b[2J", logs="a\x1b[2Jb\r", errors="\x07", event="")

    assert "\x1b" not in (told := telling().explain(rude))
    assert "    │ a␛[2Jb\n" in told


def test_of_many_executions_the_broken_and_the_last_are_told() -> None:
    broken = execution(id="e0", outcome="crashed", status="failed", errors="gone")
    many = [broken, *(execution(id=f"e{n}", path=f"/{n}") for n in range(1, 100))]

    lines = telling().report(many).split("\n")

    assert lines[:2] == [
        "(50 executions that came to an answer are left out)",
        "greet crashed: gone",
    ]
    assert lines[-1] == "greet: http POST /99: 200 in 0.0 ms"
    assert not any("/50:" in line for line in lines)


def test_what_was_told_is_a_line_beside_others() -> None:
    broken = execution(id="e0", outcome="crashed", status="failed", errors="gone")
    calm_one = execution(id="e1", logs="kneading")

    assert telling().report([broken, calm_one], {"e0"}).split("\n") == [
        "greet crashed: gone",
        *telling().brief(calm_one).split("\n"),
    ]
    assert telling().report([broken, calm_one], {"e0", "e1"}) == ""


def test_files_that_a_test_wrote_are_named_below_their_function(appwrite: Appwrite) -> None:
    appwrite.deploy(files={"main.py": "def main(context):\n    return 1 / 0\n"}, id="zero")
    execution = appwrite.functions["zero"].call(check=False)

    assert "threw ZeroDivisionError: division by zero (zero/main.py:2)" in appwrite.report()
    assert 'File "zero/main.py", line 2, in main' in appwrite.report()
    assert execution.status == "failed"


def test_packages_that_only_builds_have_are_named_by_their_place_there(tmp_path: Path) -> None:
    steps = [f"{tmp_path}/builds/b1/src/function/node_modules/x/index.mjs:3:9"]
    steps += [f'File "{tmp_path}/builds/b1/src/function/runtime-env/lib/x/client.py", line 186']
    said = execution(errors="\n".join([f"    at x (file://{steps[0]})", steps[1]]))
    teller = Telling(Copies(tmp_path / "builds"), lambda _: tmp_path / "functions", tmp_path)

    assert teller.own(said).errors.splitlines() == [
        "    at x (node_modules/x/index.mjs:3:9)",
        'File "runtime-env/lib/x/client.py", line 186',
    ]


def test_a_folder_that_is_not_below_here_is_told_whole(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    oven = Path.cwd() / "oven"
    monkeypatch.chdir(tmp_path)
    with isolated(emulator, strict=False) as elsewhere:
        elsewhere.functions["oven"].call("burnt")

        assert f"({oven}/lib/bake.js:2)" in elsewhere.report()


def test_an_execution_is_shown_in_a_line() -> None:
    long = execution(body=b"x" * 1000, user="ann")

    assert repr(long) == (
        "Execution(id='e1', function='greet', trigger='http', status='completed', "
        f"status_code=200, body='{'x' * 60}'…)"
    )
    assert str(long) == "greet: http POST / as ann: 200"


def test_what_has_failed_says_so_when_its_json_is_asked_for(appwrite: Appwrite) -> None:
    failed = appwrite.functions["oven"].call("burnt")

    with pytest.raises(ValueError, match=r"no answer: oven: .* threw Error: burnt to a crisp"):
        failed.json()
    assert "error='Error: burnt to a crisp'" in repr(failed)


def test_an_answer_that_is_no_json_is_shown(appwrite: Appwrite) -> None:
    with pytest.raises(ValueError, match="no JSON but 'cannot bake': oven: http POST /: 500"):
        appwrite.functions["oven"].call("cold").json()


def test_a_body_that_was_not_seen_is_not_said_to_be_empty() -> None:
    with pytest.raises(ValueError, match="body of the answer is not known"):
        execution(outcome="").json()
