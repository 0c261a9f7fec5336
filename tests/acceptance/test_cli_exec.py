"""`appwrite-emulator exec`, run as users run it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from .command import NODE, environment, launched, project, run, source, wait_for_line

CALLS = """
import json, os, urllib.request
request = urllib.request.Request(
    os.environ["APPWRITE_ENDPOINT"] + "/functions",
    headers={
        "X-Appwrite-Project": os.environ["APPWRITE_PROJECT_ID"],
        "X-Appwrite-Key": os.environ["APPWRITE_API_KEY"],
    },
)
with urllib.request.urlopen(request) as response:
    functions = json.load(response)["functions"]
print(os.environ["APPWRITE_PROJECT_ID"], [each["$id"] for each in functions])
"""
WAITS = """
import signal, sys
def leave(number, frame):
    print("asked by", number)
    sys.exit(5)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, leave)
print("waiting", flush=True)
signal.pause()
"""
HELLO = {"$id": "hello", "runtime": "node-22", "entrypoint": "main.mjs"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    source(folder, "hello/main.mjs", NODE)
    return project(folder, HELLO)


def test_the_command_finds_the_functions_of_the_project(shop: Path) -> None:
    result = run("exec", "--dir", str(shop), "--", sys.executable, "-c", CALLS)
    assert (result.returncode, result.stdout) == (0, "shop ['hello']\n")
    assert result.stderr == ""


def test_a_declared_key_is_the_one_exported(shop: Path) -> None:
    arguments = ("--dir", str(shop), "--strict", "--key", "s3cret")
    result = run("exec", *arguments, "--", sys.executable, "-c", CALLS)
    assert (result.returncode, result.stdout) == (0, "shop ['hello']\n")


def test_what_was_forgotten_among_the_options_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    options = ("--dir", str(tmp_path), "--strict", "--repositories", f"me/shop={gone}")
    result = run("exec", *options, "--", "true")
    assert (result.returncode, result.stdout) == (0, "")
    strict, repository = result.stderr.splitlines()
    assert strict.endswith("--strict without --key: every key will be refused")
    assert f"me/shop: there is no folder {gone}" in repository


def test_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    assert run("exec", "--dir", str(tmp_path), "sh", "-c", "exit 7").returncode == 7


def test_a_command_killed_by_a_signal_answers_as_in_a_shell(tmp_path: Path) -> None:
    result = run("exec", "--dir", str(tmp_path), "sh", "-c", "kill -9 $$")
    assert result.returncode == 128 + signal.SIGKILL


def test_a_command_that_is_not_there_answers_127(tmp_path: Path) -> None:
    result = run("exec", "--dir", str(tmp_path), "--", "no-such-command")
    assert (result.returncode, result.stdout) == (127, "")
    assert result.stderr == "appwrite-emulator: there is no command no-such-command\n"


def test_a_command_that_cannot_run_answers_126(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/no/such/interpreter\n", "utf-8")
    script.chmod(0o755)
    result = run("exec", "--dir", str(tmp_path), "--", str(script))
    assert result.returncode == 126
    assert str(script) in result.stderr


def test_options_after_the_command_are_the_commands(tmp_path: Path) -> None:
    code = "import sys; print(sys.argv[1:])"
    result = run("exec", "--dir", str(tmp_path), sys.executable, "-c", code, "--port", "--help")
    assert result.stdout == "['--port', '--help']\n"


def test_nothing_is_left_on_disk(shop: Path, reachable: Path) -> None:
    before = sorted(shop.rglob("*"))
    env = environment(TMPDIR=str(reachable))
    result = run("exec", "--dir", str(shop), "--", "true", env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert sorted(shop.rglob("*")) == before
    assert list(reachable.iterdir()) == []


def test_a_given_state_is_kept(shop: Path, reachable: Path) -> None:
    state = reachable / "kept" / "state.json"
    result = run("exec", "--dir", str(shop), "--state", str(state), "--", "true")
    assert result.returncode == 0
    assert "hello" in state.read_text("utf-8")


def test_a_broken_function_is_explained_and_the_command_runs(shop: Path) -> None:
    project(shop, HELLO | {"runtime": "node22"})
    result = run("exec", "--dir", str(shop), "--", "echo", "ran")
    assert (result.returncode, result.stdout) == (0, "ran\n")
    assert "✗ hello" in result.stderr
    assert "Did you mean node-22" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_the_command(tmp_path: Path, number: signal.Signals) -> None:
    # In a session of its own there is no terminal that would have told the command already.
    arguments = ("exec", "--dir", str(tmp_path), "--", sys.executable, "-c", WAITS)
    with launched(*arguments, own_session=True) as process:
        wait_for_line(process, "waiting")
        process.send_signal(number)
        output, errors = process.communicate(timeout=15)
    assert (process.returncode, output, errors) == (5, f"asked by {int(number)}\n", "")


def test_a_signal_before_the_command_runs_ends_it_all(shop: Path, reachable: Path) -> None:
    pipe = reachable / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    project(shop, HELLO | {"commands": f"echo building > {pipe}; sleep 600"})
    with launched("exec", "--dir", str(shop), "--", "echo", "ran", own_session=True) as process:
        assert pipe.read_text("utf-8") == "building\n"
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=15)
    assert (process.returncode, output) == (128 + signal.SIGTERM, "")
