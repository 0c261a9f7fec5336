"""Passing folders go with those who use them, also when these were killed."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from appwrite_emulator.passing import passing_folder, sweep

KILLED = """
import os
from appwrite_emulator.passing import passing_folder
with passing_folder() as folder:
    print(folder, flush=True)
    os._exit(1)
"""
LATER = 120.0  # seconds


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_at_the_end(place: Path) -> None:
    with passing_folder() as folder:
        assert folder.parent == place
    assert list(place.iterdir()) == []


def test_what_is_in_use_or_is_none_of_ours_stays(place: Path) -> None:
    with passing_folder() as folder:
        (place / "appwrite-emulator-other").mkdir()
        sweep(place, time.time() + LATER)
        assert {each.name for each in place.iterdir()} == {folder.name, "appwrite-emulator-other"}


def test_what_a_killed_process_left_goes(place: Path) -> None:
    command = [sys.executable, "-c", KILLED]
    env = {"PYTHONPATH": ":".join(sys.path), "TMPDIR": str(place)}
    told = subprocess.run(command, env=env, stdout=subprocess.PIPE, text=True, check=False).stdout
    left = Path(told.strip())

    sweep(place, time.time())
    assert left.is_dir(), "it may only just have been made"
    sweep(place, time.time() + LATER)
    assert not left.exists()
