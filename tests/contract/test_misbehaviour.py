"""What functions do to their own process: each execution ends, the next one runs well."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from .processes import wait_gone
from .server import Json, Project, Server

PYTHON = """
import os, signal, sys, threading, time

def main(context):
    what, _, rest = context.req.path[1:].partition("/")
    context.log(what)
    if what == "signal":
        os.kill(os.getpid(), int(rest))
        time.sleep(60)
    if what == "exit":
        sys.exit(int(rest))
    if what == "exit-later":
        threading.Timer(0.01, os._exit, [int(rest)]).start()
    if what == "close":
        for number in rest.split(","):
            os.close(int(number))
    if what == "eat":
        hoard = []
        while True:
            hoard.append(bytearray(1 << 20))
    if what == "chatter":
        def chatter():
            while True:
                context.log("late")
                time.sleep(0.001)
        threading.Thread(target=chatter, daemon=True).start()
    if what == "busy":
        threading.Thread(target=lambda: [None for _ in iter(int, 1)], daemon=True).start()
    if what == "wait":
        time.sleep(0.05)
    if what == "child":
        pid = os.fork()
        if not pid:
            if rest == "daemon":
                os.setsid()
                if os.fork():
                    os._exit(0)
                os.closerange(0, 64)
            time.sleep(60)
    if what == "copy" and not os.fork():
        return context.res.text("copy")
    return context.res.text(str(os.getpid()))
"""
NODE = """
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

module.exports = async (c) => {
  const [, what, rest] = c.req.path.split('/');
  c.log(what);
  if (what === 'signal') {
    process.kill(process.pid, Number(rest));
    await pause(60000);
  }
  if (what === 'exit') process.exit(Number(rest));
  if (what === 'exit-later') setTimeout(() => process.exit(Number(rest)), 10);
  if (what === 'close') for (const number of rest.split(',')) fs.closeSync(Number(number));
  if (what === 'eat') for (const hoard = []; ; ) hoard.push(new Array(100000).fill(1.5));
  if (what === 'chatter')
    setInterval(() => {
      c.log('late');
      console.log('late');
    }, 1);
  if (what === 'busy') setImmediate(() => { for (;;); });
  if (what === 'wait') await pause(50);
  if (what === 'child') spawn('sleep', ['60'], { detached: rest === 'daemon', stdio: 'ignore' });
  return c.res.text(String(process.pid));
};
"""
SETTINGS: dict[str, Json] = {"python": {}, "node": {"runtime": "node-22", "entrypoint": "index.js"}}


@pytest.fixture(scope="module", params=["python", "node"])
def owner(request: pytest.FixtureRequest, server: Server) -> Project:
    """A project with a function that misbehaves as the path says."""
    project = server.project()
    project.function(timeout=10, specification="s-0.5vcpu-512mb", **SETTINGS[request.param])
    source = {"main.py": PYTHON} if request.param == "python" else {"index.js": NODE}
    project.deploy("f", source)
    return project


@pytest.fixture
def python(server: Server) -> Project:
    """The same in Python, in processes of its own."""
    project = server.project()
    project.function()
    project.deploy("f", {"main.py": PYTHON})
    return project


def _run(project: Project, path: str) -> Json:
    """An execution and proof that its row is the same and final."""
    made = project.execute("f", path=path)
    stored = project.get(f"/functions/f/executions/{made['$id']}").expect(200)
    keys = ("status", "responseStatusCode", "logs", "errors", "duration")
    assert [stored[key] for key in keys] == [made[key] for key in keys]
    assert made["status"] in ("completed", "failed")
    return made


def _pid(project: Project) -> int:
    made = _run(project, "/pid")
    assert (made["status"], made["logs"], made["errors"]) == ("completed", "pid\n", "")
    return int(made["responseBody"])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/signal/9", "was killed by signal 9 (SIGKILL)"),
        ("/signal/11", "was killed by signal 11 (SIGSEGV)"),
        ("/signal/15", "was killed by signal 15 (SIGTERM)"),
        ("/exit/0", "exited with code 0"),
        ("/exit/3", "exited with code 3"),
    ],
)
def test_a_death_in_a_call_fails_it_with_the_reason(owner: Project, path: str, reason: str) -> None:
    before = _pid(owner)
    made = _run(owner, path)

    assert (made["status"], made["responseStatusCode"]) == ("failed", 500)
    assert made["errors"] == f"The function's process {reason}\n"
    assert made["logs"] == f"{path[1:].split('/')[0]}\n"
    assert _pid(owner) != before


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_process_killed_between_calls_costs_none_of_them(
    owner: Project, number: signal.Signals
) -> None:
    before = _pid(owner)
    os.kill(before, number)
    wait_gone(before)

    assert _pid(owner) != before


@pytest.mark.parametrize("code", [0, 3])
def test_a_process_that_ends_between_calls_costs_none_of_them(owner: Project, code: int) -> None:
    before = int(_run(owner, f"/exit-later/{code}")["responseBody"])
    wait_gone(before)

    assert _pid(owner) != before


@pytest.mark.parametrize("numbers", ["1", "2", "3", "4", "1,2,3,4"])
def test_closed_descriptors_harm_that_process_alone(owner: Project, numbers: str) -> None:
    made = _run(owner, f"/close/{numbers}")

    assert (made["status"] == "failed") == ("4" in numbers)
    assert made["logs"].startswith("close\n")
    assert bool(made["errors"]) == ("4" in numbers)
    assert _pid(owner) > 0


def test_too_much_memory_is_told_with_limit_and_peak(owner: Project) -> None:
    made = _run(owner, "/eat")

    assert made["status"] == "failed"
    text, peak = made["errors"].rsplit(" ", 2)[0], int(made["errors"].rsplit(" ", 2)[1])
    assert text == "The function's process was killed: out of memory (limit 512 MB, peak"
    assert made["errors"].endswith(" MB)\n")
    assert 512 <= peak < 1200


def test_lines_after_the_answer_land_on_no_execution(owner: Project) -> None:
    process = int(_run(owner, "/chatter")["responseBody"])
    for _ in range(3):
        made = _run(owner, "/wait")
        assert (made["logs"], made["errors"]) == ("wait\n", "")
        assert int(made["responseBody"]) == process, "what it began goes on in it"
    _run(owner, "/exit/0")


@pytest.mark.parametrize("kind", ["plain", "daemon"])
def test_a_child_ends_with_the_process_that_left_it_behind(owner: Project, kind: str) -> None:
    worker = int(_run(owner, f"/child/{kind}")["responseBody"])
    left = _descendants_of_keeper(worker) - {worker}
    assert left, "it goes on after the answer"

    _run(owner, "/exit/0")

    assert all(not os.path.exists(f"/proc/{pid}") for pid in left)


def _descendants_of_keeper(worker: int) -> set[int]:
    """What the process that looks after `worker` has below it."""
    with open(f"/proc/{worker}/stat", encoding="ascii") as file:
        todo = [int(file.read().rpartition(")")[2].split()[1])]
    found: set[int] = set()
    while todo:
        pid = todo.pop()
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", encoding="ascii") as file:
                children = set(map(int, file.read().split()))
            found |= children
            todo += children
    return found


def test_a_forked_copy_neither_answers_nor_takes_calls(python: Project) -> None:
    for _ in range(5):
        made = _run(python, "/copy")
        assert made["responseBody"] != "copy"
    assert len({_pid(python) for _ in range(5)}) == 1


def test_a_busy_thread_slows_calls_but_fails_none(python: Project) -> None:
    process = int(_run(python, "/busy")["responseBody"])

    assert _pid(python) == process


def test_a_busy_loop_after_the_answer_costs_the_next_call_and_says_so(server: Server) -> None:
    project = server.project()
    project.function(timeout=1, **SETTINGS["node"])
    project.deploy("f", {"index.js": NODE})
    _run(project, "/busy")
    late = _run(project, "/pid")

    assert late["status"] == "failed"
    assert late["errors"].startswith("Execution timed out.\nIts process took no notice of it")
    assert _pid(project) > 0


def test_calls_in_line_are_served_after_the_death_of_the_process(python: Project) -> None:
    with ThreadPoolExecutor(12) as threads:
        dying = [threads.submit(_run, python, "/exit/3") for _ in range(6)]
        living = [threads.submit(_pid, python) for _ in range(6)]

    assert {each.result()["status"] for each in dying} == {"failed"}
    assert all(each.result() > 0 for each in living)
