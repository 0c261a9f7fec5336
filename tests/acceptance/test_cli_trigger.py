"""`trigger event`, run as users run it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .command import COMMAND, Running, environment, project, run, source, started

pytestmark = pytest.mark.timeout(60)

TELLS = """
export default async ({ req, res, log }) => {
  log(`${req.headers["x-appwrite-event"]} by ${req.headers["x-appwrite-user-id"]}`);
  if (req.bodyJson.fail) throw new Error("no such greeting");
  return res.empty();
};
"""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One with a function that listens to the sign-up of users."""
    folder = tmp_path_factory.mktemp("shop")
    settings = {"runtime": "node-22", "entrypoint": "main.mjs", "events": ["users.*.create"]}
    project(folder, {"$id": "greet", **settings})
    source(folder, "greet/main.mjs", TELLS)
    with started(str(folder), "--memory") as running:
        yield running


def trigger(emulator: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run("trigger", "event", *arguments, env=environment(APPWRITE_ENDPOINT=emulator.endpoint))


def test_it_tells_whom_it_called_and_does_not_wait(emulator: Running) -> None:
    done = trigger(emulator, "users.ann.create")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("greet  execution ")


def test_who_waits_sees_how_each_function_ended(emulator: Running) -> None:
    good = trigger(emulator, "users.ann.create", "--wait")
    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout.startswith("✓ greet  completed in 0.")
    bad = trigger(emulator, "users.ann.create", "--wait", "--payload", '{"fail": true}')
    first, second = bad.stdout.splitlines()[:2]
    assert (bad.returncode, bad.stderr) == (1, "")
    assert first.startswith("✗ greet  failed in 0.")
    assert second.strip() == "Error: no such greeting"


def test_programs_get_the_reply_as_json(emulator: Running) -> None:
    done = trigger(emulator, "users.ann.create", "--user", "bob", "--wait", "--json")
    reply = json.loads(done.stdout)
    (execution,) = reply["executions"]
    assert (done.returncode, reply["event"]) == (0, "users.ann.create")
    assert (execution["status"], execution["logs"]) == ("completed", "users.ann.create by bob\n")


def test_payloads_come_from_files_and_from_the_input(emulator: Running, tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_text('{"fail": true}')
    assert trigger(emulator, "users.a.create", "--wait", "--payload", f"@{file}").returncode == 1
    done = subprocess.run(
        [*COMMAND, "trigger", "event", "users.a.create", "--wait", "--payload", "-"],
        env=environment(APPWRITE_ENDPOINT=emulator.endpoint),
        input='{"fail": true}',
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1


def test_an_event_that_nobody_listens_to_says_how_one_would(emulator: Running) -> None:
    done = trigger(emulator, "databases.main.tables.posts.rows.1.create", "--wait")
    assert done.stdout == (
        "No function listens to databases.main.tables.posts.rows.1.create. One whose events have "
        "databases.*.tables.*.rows.*.create would be called.\n"
    )
    own = trigger(emulator, "functions.greet.update")
    assert own.stdout.startswith("No function was called: functions cannot listen to events of fun")
    assert (done.returncode, own.returncode) == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["users.ann.creat"],
            "There is no event 'users.ann.creat': 'users' has no 'creat'. Did you",
        ),
        (["users.a.create", "--payload", "{"], "--payload is not JSON: "),
        (["users.a.create", "--payload", ""], "--payload is not JSON: "),
        (["users.a.create", "--payload", "[1]"], "--payload must be a JSON object, such as {}"),
        (["users.a.create", "--payload", "@none"], "none cannot be read: No such file or director"),
        (["users.a.create", "--user", "a b"], "Invalid `user` param: UID must contain at most 36"),
        (
            ["users.a.create", "--url", "http://127.0.0.1:1"],
            "no emulator answers at http://127.0.0",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    emulator: Running, arguments: list[str], words: str
) -> None:
    done = trigger(emulator, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("appwrite-emulator: ")
    assert words in done.stderr


def test_the_help_shows_how(emulator: Running) -> None:
    done = run("trigger", "event", "--help")
    assert done.returncode == 0
    for words in (
        "users.ann.update.email",
        "--payload",
        "--wait",
        "APPWRITE_ENDPOINT",
        "Examples:",
    ):
        assert words in done.stdout
