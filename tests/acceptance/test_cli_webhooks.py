"""`appwrite-emulator start --webhook`, run as users run it."""

from __future__ import annotations

import pytest

from ..receiver import receiving
from .command import run, started


def test_a_server_of_this_machine_is_told_of_what_happens() -> None:
    with receiving() as receiver:
        declared = f"users.*.create,teams.*={receiver.url()}"
        with started("--memory", "--webhook", declared) as emulator:
            user = {"userId": "ann", "email": "ann@example.org"}
            status, made = emulator.call("/users", user, project="p")
            came = receiver.next()
            assert emulator.stop() == 0
    assert f"Webhook {receiver.url()} is told of users.*.create, teams.*" in emulator.lines
    assert (status, came.json) == (201, made)
    assert came.names[0] == "users.ann.create"


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ("user.*=http://localhost:1", "the event 'user.*', which Appwrite does not have"),
        ("users.*=http://example.com", "example.com is not this machine"),
        ("users.*", "a webhook is `EVENT[,EVENT...]=URL`"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_before_anything_starts(
    declared: str, words: str
) -> None:
    done = run("start", "--memory", "--port", "0", "--webhook", declared)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in " ".join(done.stderr.split())
