"""The state and its commands, run as users run them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tarfile
from pathlib import Path

import pytest

from .command import Running, copied, lines_with, run, started

pytestmark = pytest.mark.timeout(60)  # each starts several emulators


@pytest.fixture
def quickstart(reachable: Path) -> Path:
    return copied("quickstart", reachable / "quickstart")


def state_of(folder: Path) -> Path:
    return folder / ".appwrite-emulator" / "state.json"


def drawing(emulator: Running) -> str:
    execution = emulator.execute("mandelbrot", project="quickstart", path="/", method="GET")
    assert execution["status"] == "completed", execution
    return str(execution["responseBody"])


def deployments(emulator: Running) -> list[tuple[str, str]]:
    path = "/functions/mandelbrot/deployments"
    _, listing = emulator.call(path, project="quickstart")
    return [(each["$id"], each["$updatedAt"]) for each in listing["deployments"]]


def test_an_exported_state_answers_elsewhere_without_a_new_build(
    quickstart: Path, reachable: Path
) -> None:
    with started(str(quickstart)) as emulator:
        drawn, built = drawing(emulator), deployments(emulator)
        assert emulator.stop() == 0
    archive = reachable / "backup.tar.gz"
    exported = run("state", "export", str(archive), str(quickstart))
    assert exported.returncode == 0, exported.stderr
    assert "2 functions, 2 rules, 1 variable, 2 deployments, 1 execution" in exported.stdout
    shutil.rmtree(state_of(quickstart).parent)  # nothing may be found at its old place

    fresh = reachable / "fresh" / "state.json"
    imported = run("state", "import", str(archive), "--state", str(fresh))
    assert imported.returncode == 0, imported.stderr
    (reachable / "empty").mkdir()
    with started(str(reachable / "empty"), "--state", str(fresh)) as emulator:
        assert deployments(emulator) == built
        assert drawing(emulator) == drawn
        _, executions = emulator.call("/functions/mandelbrot/executions", project="quickstart")
        assert emulator.stop() == 0
    assert executions["total"] == 2
    with started(str(quickstart), "--state", str(fresh)) as emulator:
        assert emulator.stop() == 0
    assert len(lines_with(emulator.lines, "ready, unchanged")) == 2


def test_an_export_has_what_env_files_say_only_when_asked(quickstart: Path) -> None:
    with started(str(quickstart)) as emulator:
        assert emulator.stop() == 0
    (quickstart / "functions/postcard/.env").write_text("SENDER=me\nAPI_TOKEN=abc\n")
    before = state_of(quickstart).read_bytes()
    found = {}
    for options in ((), ("--with-env",)):
        archive = quickstart / f"export{len(options)}.tar.gz"
        done = run("state", "export", str(archive), str(quickstart), *options)
        assert done.returncode == 0, done.stderr
        with tarfile.open(archive) as packed:
            rows = packed.extractfile("state.json")
            assert rows is not None
            found[options] = json.load(rows)["variables"].values()
    assert [(row["key"], row["value"]) for row in found[()]] == [("SENDER", "your laptop")]
    assert [(row["key"], row["value"], row["secret"]) for row in found["--with-env",]] == [
        ("SENDER", "me", False), ("API_TOKEN", "abc", True),
    ]  # fmt: skip
    assert "postcard: with SENDER, API_TOKEN of its .env" in done.stdout
    assert state_of(quickstart).read_bytes() == before, "the state itself has none of it"

    imported = run("state", "import", str(archive), str(quickstart), "--force")
    assert imported.returncode == 0, imported.stderr


def test_builds_that_lie_elsewhere_are_exported_and_imported(
    tmp_path: Path, reachable: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started as root, builds lie where another user reaches them when the state does not."""
    monkeypatch.setenv("TMPDIR", str(reachable))
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in ("one", "two"):
        copied("quickstart", hidden / name)
    with started(str(hidden / "one")) as emulator:
        drawn = drawing(emulator)
        assert emulator.stop() == 0
    archive = tmp_path / "backup.tar.gz"
    assert run("state", "export", str(archive), str(hidden / "one")).returncode == 0
    assert run("state", "import", str(archive), str(hidden / "two")).returncode == 0
    with started(str(hidden / "two")) as emulator:
        assert drawing(emulator) == drawn
        assert emulator.stop() == 0
    assert len(lines_with(emulator.lines, "ready, unchanged")) == 2


def test_a_second_emulator_and_every_command_are_told_who_has_the_state(quickstart: Path) -> None:
    archive = quickstart.parent / "a.tar.gz"
    archive.write_text("x")
    commands = (
        ["start", "--port", "0", str(quickstart)],
        ["state", "export", str(archive), str(quickstart), "--force"],
        ["state", "import", str(archive), str(quickstart)],
        ["state", "repair", str(quickstart)],
        ["state", "reset", "--yes", str(quickstart)],
    )
    with started(str(quickstart)) as emulator:
        address = emulator.endpoint.removesuffix("/v1")
        for command in commands:
            second = run(*command)
            assert second.returncode == 2, command
            expected = f"state.json is in use by pid {emulator.process.pid} ({address}, since "
            assert expected in second.stderr
            assert len(second.stderr.splitlines()) == 1
        drawing(emulator)
        assert emulator.stop(signal.SIGKILL) == -signal.SIGKILL
    with started(str(quickstart)) as emulator:
        drawing(emulator)
        assert emulator.stop() == 0


def test_a_damaged_state_is_refused_at_the_start_and_repaired(quickstart: Path) -> None:
    with started(str(quickstart)) as emulator:
        assert emulator.stop() == 0
    state = state_of(quickstart)
    date = state.stat().st_mtime_ns
    text = state.read_text()
    line = next(n for n, line in enumerate(text.splitlines(), 1) if '"key":"SENDER"' in line)
    state.write_text(text.replace("your laptop", "your Laptop", 1))
    os.utime(state, ns=(date, date))  # as bad hardware does it
    before = {path: path.read_bytes() for path in state.parent.glob("state.json*")}

    refused = run("start", "--port", "0", str(quickstart))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.startswith(f"appwrite-emulator: {state}:{line}:1: ")
    assert f"appwrite-emulator state repair --state {state}" in refused.stderr
    assert "state.json.bak" in refused.stderr
    for path, data in before.items():
        assert path.name.endswith(".lock") or path.read_bytes() == data

    repaired = run("state", "repair", str(quickstart))
    assert repaired.returncode == 0, repaired.stderr
    (lost,) = lines_with(repaired.stdout.splitlines(), "lost")
    assert lost.startswith(f"lost  state.json:{line}: variables quickstart/")
    with started(str(quickstart)) as emulator:
        drawing(emulator)
        assert emulator.stop() == 0


def unusable(folder: Path) -> dict[str, tuple[Path, str]]:
    """State files that cannot be, with what is said about each."""
    (folder / "file").write_text("")
    (folder / "taken").mkdir()
    (folder / "folder.json").mkdir()
    (folder / "taken" / "sources").write_text("")
    forbidden = Path("/sys/kernel")
    if os.geteuid() != 0:
        forbidden = folder / "closed"
        forbidden.mkdir(mode=0o500)
    return {
        "below a file": (folder / "file" / "state.json", "Move the file out of the way"),
        "a folder": (folder / "folder.json", "Name a file in it, such as --state"),
        "no access": (forbidden / "state.json", "--state FILE"),
        "a file for a folder": (folder / "taken" / "state.json", "Move the file out of the way"),
    }


def test_a_state_that_cannot_be_is_named_with_a_way_out(reachable: Path) -> None:
    for path, remedy in unusable(reachable).values():
        refused = run("start", "--port", "0", str(reachable), "--state", str(path))
        assert refused.returncode == 2, refused
        (line,) = refused.stderr.splitlines()
        assert f"{path.parent}" in line
        assert "cannot be opened" in line
        assert remedy in line


def test_a_disk_that_may_only_be_read_is_named(reachable: Path) -> None:
    """What root cannot write either: the file system of the kernel's own switches."""
    refused = run("start", "--port", "0", str(reachable), "--state", "/proc/sys/state.json")
    assert refused.returncode == 2
    assert "/proc/sys/state.json" in refused.stderr
    assert "--state FILE" in refused.stderr
