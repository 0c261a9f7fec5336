"""The lock: one writer, named with pid, address and time."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from appwrite_emulator.state import Owner, StateDB, StateLocked, read_owner


def test_the_message_names_pid_address_and_time(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with (
        StateDB.open(path, address="http://127.0.0.1:9080"),
        pytest.raises(StateLocked) as caught,
    ):
        StateDB.open(path)
    assert re.fullmatch(
        rf"state\.json is in use by pid {os.getpid()} \(http://127\.0\.0\.1:9080, since "
        r"\d\d:\d\d\); stop it or pass another state file",
        str(caught.value),
    )


def test_an_owner_without_an_address_is_named(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    expected = rf"in use by pid {os.getpid()} \(pytest, since "
    with StateDB.open(path, name="pytest"), pytest.raises(StateLocked, match=expected):
        StateDB.open(path)
    StateDB.open(path).close()


def test_the_lock_file_tells_other_commands_where_the_owner_is(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with StateDB.open(path, name="start", address="http://127.0.0.1:9080"):
        owner = read_owner(tmp_path / "state.json.lock")
        assert (owner.pid, owner.name) == (os.getpid(), "start")
        assert owner.address == "http://127.0.0.1:9080"
    assert read_owner(tmp_path / "state.json.lock") == Owner()


def test_another_name_of_the_same_file_is_the_same_state(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    with StateDB.open(tmp_path / "folder" / "state.json"), pytest.raises(StateLocked):
        StateDB.open(tmp_path / "link" / "state.json")


@pytest.mark.parametrize("text", ["", "nonsense", "[]", '{"pid": 1, "future": 2}'])
def test_a_lock_file_of_another_version_says_nothing(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "state.json.lock"
    lock.write_text(text)
    assert read_owner(lock) == Owner()
    assert str(read_owner(tmp_path / "none")) == "pid unknown"


def test_a_lock_file_left_by_a_kill_does_not_lock(tmp_path: Path) -> None:
    (tmp_path / "state.json.lock").write_text('{"pid": 1, "since": "", "address": "", "name": ""}')
    StateDB.open(tmp_path / "state.json").close()
