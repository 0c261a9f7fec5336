"""`start` as it is seen: on a terminal, in a pipe, and by programs; `logs` and `list`."""

from __future__ import annotations

import codecs
import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .command import COMMAND, Running, environment, launched, project, run, source, started

TALK = """import os, time

def main(context):
    req = context.req
    if req.path == "/evil":
        context.log("\\x1b]0;mine\\x07\\x1b[2J")
    if req.path == "/flood":
        for number in range(100_000):
            context.log("line", number)
    if req.path == "/wait":
        context.log("waiting")
        open(req.query["gate"]).read()
    if req.path == "/fail":
        return context.res.text(str(nothing))
    context.log("hello", req.path)
    return context.res.text("ok")
"""
FUNCTION = {
    "$id": "talk",
    "runtime": "python-3.12",
    "entrypoint": "main.py",
    "execute": ["any"],
    "commands": "echo building",
}


@pytest.fixture
def shop(reachable: Path) -> Path:
    source(reachable, "talk/main.py", TALK)
    return project(reachable, FUNCTION)


class Screen:
    """A terminal with the command on it."""

    def __init__(self, file: int, process: subprocess.Popen[bytes]) -> None:
        self.file = file
        self.process = process
        self.text = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # a read may end in a character

    def until(self, pattern: str) -> str:
        """All that was written until there is `pattern`, which is what matched."""
        while not (found := re.search(pattern, self.text)):
            self.text += self._decoder.decode(os.read(self.file, 65536))
        return found[0]

    def execute(self, path: str) -> dict[str, Any]:
        endpoint = re.search(r"Ready\S* at (\S+)", self.text)
        assert endpoint is not None
        running = Running(self.process, [], endpoint[1])  # type: ignore[arg-type]  # of bytes
        return running.execute("talk", project="shop", path=path, method="GET")


@contextmanager
def on_terminal(folder: Path, *, columns: int = 80, **extra: str) -> Iterator[Screen]:
    """`start` on a terminal of its own, once it is ready."""
    file, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(
        [*COMMAND, "start", "--port", "0", "--memory"],
        cwd=folder,
        env=environment(**{"TERM": "xterm", "TZ": "UTC", **extra}),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    try:
        screen = Screen(file, process)
        screen.until(r"Ready.*\r\n")
        yield screen
        process.send_signal(signal.SIGTERM)
        screen.until("Stopping\r\n")
        assert process.wait(15) == 0
    finally:
        process.kill()
        process.wait()
        os.close(file)


def test_a_terminal_shows_what_happens_in_colours(shop: Path) -> None:
    with on_terminal(shop) as screen:
        screen.execute("/fail")
        screen.until("NameError")
        screen.execute("/here?a=1")
        screen.until("hello /here")
    text = screen.text
    assert re.search(r"\x1b\[31;1m500\x1b\[0m .* ms  \x1b\[36mcold\x1b\[0m", text)
    assert re.search(r"talk/main\.py(\x1b\[[0-9;]*m)*\", line 14", text)
    assert re.search(r"\x1b\[32m200\x1b\[0m .*\x1b\[1mtalk\x1b\[0m", text)
    assert "GET /here?a=1" in text
    assert "building talk" not in text.rpartition("Ready")[2]


def test_a_function_cannot_do_anything_to_the_terminal(shop: Path) -> None:
    with on_terminal(shop, NO_COLOR="1") as screen:
        screen.execute("/evil")
        screen.until("hello /evil")
    shown = screen.text.partition("Ready")[2]
    assert "␛]0;mine␇␛[2J" in shown
    assert not re.search(r"\x1b(?!\[J)", shown), "no colours, and nothing but erasing"


def test_on_a_narrow_terminal_what_goes_on_stays_in_one_line(shop: Path) -> None:
    gate = shop / "gate"
    os.mkfifo(gate)
    gate.chmod(0o666)
    with on_terminal(shop, columns=40) as screen:
        endpoint = re.search(r"at (\S+)/v1", screen.text)
        assert endpoint is not None
        long = f"/wait?gate={gate}&{'x' * 100}"
        caller = subprocess.Popen(
            [*COMMAND, "call", "talk", long, "--url", endpoint[1], "--project", "shop"],
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
        below = screen.until(r"\r\x1b\[J\S+ [^\r\n]*talk[^\r\n]*…")
        screen.until("waiting")
        gate.write_text("go")
        assert caller.wait(15) == 0
        screen.until("hello /wait")
    assert len(re.sub(r"\x1b\[[0-9;]*[mJ]", "", below).strip("\r")) <= 40


def test_a_flood_of_lines_is_cut_and_the_emulator_goes_on(shop: Path) -> None:
    with on_terminal(shop) as screen:
        assert screen.execute("/flood")["status"] == "completed"
        assert screen.execute("/after")["status"] == "completed"
        screen.until("GET /after")
        assert screen.text.count("line ") < 6000
        assert re.search(r"… [0-9,]+ lines (more|were dropped)", screen.text)


def test_a_pipe_gets_plain_lines(shop: Path) -> None:
    with started(str(shop), "--memory") as emulator:
        emulator.execute("talk", project="shop", path="/here", method="GET")
        assert emulator.process.stdout is not None
        lines = [emulator.process.stdout.readline() for _ in range(2)]
        assert emulator.stop() == 0
    everything = [*emulator.lines, *lines]
    assert "\x1b" not in "".join(everything)
    assert re.fullmatch(r"\d\d:\d\d:\d\d  200 +[0-9.]+ ms  cold  talk  http GET /here\n", lines[0])
    assert lines[1] == "          │ hello /here\n"


def _objects(process: subprocess.Popen[str], level: str) -> list[Mapping[str, Any]]:
    """The lines as JSON up to the first of that level."""
    assert process.stdout is not None
    found: list[Mapping[str, Any]] = []
    for line in process.stdout:
        found.append(json.loads(line))
        if found[-1]["level"] == level:
            return found
    raise AssertionError(f"no {level} in {found}")


def test_programs_get_an_object_on_a_line_for_whatever_happens(shop: Path) -> None:
    broken = FUNCTION | {"$id": "broken", "path": "talk", "runtime": "node22"}
    project(shop, FUNCTION, broken)
    with launched("start", str(shop), "--port", "0", "--memory", "--json") as process:
        starting, talk, other, ready = _objects(process, "ready")
        running = Running(process, [], ready["endpoint"])
        running.execute("talk", project=ready["project"], key=ready["key"], path="/é", method="GET")
        began, log, ended = _objects(process, "ended")
        process.send_signal(signal.SIGTERM)
        _objects(process, "stopping")
        assert process.wait(15) == 0
    assert (starting["level"], starting["pid"]) == ("starting", process.pid)
    assert (talk["functionId"], talk["state"], talk["outcome"]) == ("talk", "ready", "deployed")
    assert talk["url"].startswith("http://talk.functions.localhost:")
    assert (other["functionId"], other["outcome"]) == ("broken", "failed")
    assert "Did you mean" in other["reason"]
    assert (ready["project"], ready["key"]) == ("shop", "local")
    assert (began["level"], log["text"], ended["kind"]) == ("began", "hello /é", "execution")


def test_logs_shows_the_last_executions_and_one_whole(shop: Path) -> None:
    with started(str(shop), "--memory") as emulator:
        where = ("--url", emulator.endpoint)
        nothing = run("logs", *where)
        for path in ("/one", "/two", "/fail"):
            execution = emulator.execute("talk", project="shop", path=path, method="GET")
        last = run("logs", "-n", "2", "talk", *where, env=environment(TZ="UTC"))
        programs = run("logs", "--json", *where)
        only = run("logs", "--execution", execution["$id"], *where)
        unknown = run("logs", "tlak", *where)
        gone = run("logs", "--execution", "gone", *where)
        assert emulator.stop() == 0
    assert nothing.stdout == "Nothing of project 'shop' was executed yet.\n"
    head, log, failed, *trace = last.stdout.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  200 +[0-9.]+ ms +talk  http GET /two", head)
    assert log == "          │ hello /two"
    assert failed.endswith("http GET /fail")
    assert trace[-1].startswith("          │ NameError")
    paths = [json.loads(line)["requestPath"] for line in programs.stdout.splitlines()]
    assert paths == ["/one", "/two", "/fail"]
    assert only.stdout.splitlines()[1:] == trace
    assert (unknown.returncode, gone.returncode) == (2, 2)
    assert "Did you mean 'talk'?" in unknown.stderr
    assert "There is no execution 'gone' in project 'shop'" in gone.stderr


def test_logs_follows_what_happens_until_the_emulator_stops(shop: Path) -> None:
    with started(str(shop), "--memory") as emulator:
        where = ("--url", emulator.endpoint)
        emulator.execute("talk", project="shop", path="/before", method="GET")
        with (
            launched("logs", "-f", "-n", "1", *where) as people,
            launched("logs", "-f", "--json", "talk", *where) as programs,
        ):
            assert people.stdout is not None
            first = [people.stdout.readline() for _ in range(2)]
            _wait_for_reader(people)
            _wait_for_reader(programs)
            emulator.execute("talk", project="shop", path="/after", method="GET")
            then = [people.stdout.readline() for _ in range(2)]
            told = _objects(programs, "ended")
            assert emulator.stop() == 0
            assert people.stdout.read() == (
                f"The emulator at {emulator.endpoint.removesuffix('/v1')} has stopped.\n"
            )
            assert (people.wait(15), programs.wait(15)) == (0, 0)
    assert first[0].endswith("http GET /before\n")
    assert then[0].endswith("warm  talk  http GET /after\n")
    assert then[1] == "          │ hello /after\n"
    assert [each["level"] for each in told] == ["began", "log", "ended"]


def test_ctrl_c_ends_who_follows(shop: Path) -> None:
    with (
        started(str(shop), "--memory") as emulator,
        launched("logs", "-f", "--url", emulator.endpoint) as people,
    ):
        _wait_for_reader(people)
        people.send_signal(signal.SIGINT)
        assert people.wait(15) == 130
        assert emulator.stop() == 0


def _wait_for_reader(process: subprocess.Popen[str]) -> None:
    """Return once it listens."""
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Following what happens at http://127.0.0.1:")


def test_functions_are_listed(shop: Path) -> None:
    with started(str(shop), "--memory") as emulator:
        where = ("--url", emulator.endpoint)
        people = run("list", *where)
        programs = json.loads(run("list", "--json", *where).stdout)
        nothing = run("list", "--project", "other", *where)
        assert emulator.stop() == 0
    first, detail, *_ = people.stdout.splitlines()
    port = emulator.endpoint.rpartition(":")[2].removesuffix("/v1")
    assert first == f"✓ talk  python-3.12  ready  http://talk.functions.localhost:{port}"
    assert re.match(r"    deployment [0-9a-f]{20} by cli, \d{4}-", detail)
    assert programs["functions"][0]["state"] == "ready"
    assert nothing.stdout == "Project 'other' has no functions yet.\n"
