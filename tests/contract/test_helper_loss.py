"""The helper process that starts user code dies or stands still: executions end all the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .gate import Gate
from .processes import parent_of, wait_gone
from .server import Json, Project, serving

WHO = "import os\ndef main(context):\n    return context.res.text(str(os.getpid()))\n"
NODE = "module.exports = (c) => c.res.text(String(process.pid))"


@pytest.fixture
def project() -> Iterator[Project]:
    """A project of an emulator whose helper may be killed."""
    with serving(memory=True) as server:
        project = server.project()
        project.function("python")
        project.deploy("python", {"main.py": WHO})
        project.function("node", runtime="node-22", entrypoint="index.js")
        project.deploy("node", {"index.js": NODE})
        yield project


def _pid(project: Project, function: str) -> int:
    made = project.execute(function)
    assert made["status"] == "completed", made["errors"]
    return int(made["responseBody"])


def _helper(project: Project) -> int:
    """The process above the keeper of a worker."""
    return parent_of(parent_of(_pid(project, "python")))


def test_running_calls_fail_with_the_reason_and_later_ones_work(
    project: Project, gate: Gate
) -> None:
    helper = _helper(project)
    second = Gate(gate.path.with_name("second"))
    for function, entry in (("now", gate), ("later", second)):
        project.function(function)
        project.deploy(function, {"main.py": entry.main})
    sent = project.post("/functions/later/executions", {"async": True}).expect(202)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(project.execute, "now")
        with gate.reached(), second.reached():
            os.kill(helper, signal.SIGKILL)
            now = waiting.result()
            later = project.executed("later", sent["$id"])
    for ended in (now, later):
        assert (ended["status"], ended["responseStatusCode"]) == ("failed", 500)
        assert "the helper process ended" in ended["errors"]
    assert _row(project, now)["errors"] == now["errors"]
    for function in ("python", "node"):
        assert _pid(project, function) > 0
    assert _helper(project) != helper


def _row(project: Project, execution: Json) -> Json:
    path = f"/functions/{execution['functionId']}/executions/{execution['$id']}"
    return project.get(path).expect(200)


def test_its_death_between_calls_costs_none_of_them(project: Project) -> None:
    before = [_pid(project, function) for function in ("python", "node")]
    helper = _helper(project)
    os.kill(helper, signal.SIGKILL)
    for pid in (*before, helper):
        wait_gone(pid)

    after = [_pid(project, function) for function in ("python", "node")]

    assert not set(before) & set(after)
    assert _helper(project) != helper


def test_a_process_that_is_about_to_end_with_it_gets_no_call(project: Project) -> None:
    doomed, helper = _pid(project, "python"), _helper(project)
    keeper = parent_of(doomed)
    os.kill(keeper, signal.SIGSTOP)  # who would end it
    try:
        os.kill(helper, signal.SIGKILL)
        wait_gone(helper)
        assert _pid(project, "python") != doomed
    finally:
        os.kill(keeper, signal.SIGCONT)
    wait_gone(doomed)


def test_warm_calls_go_on_while_it_stands_still_and_new_ones_afterwards(project: Project) -> None:
    before = _pid(project, "python")
    helper = _helper(project)
    os.kill(helper, signal.SIGSTOP)
    assert _pid(project, "python") == before

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(_pid, project, "node")
        assert [_pid(project, "python") for _ in range(5)] == [before] * 5
        os.kill(helper, signal.SIGCONT)

    assert waiting.result() > 0
    assert _helper(project) == helper
