"""The rungs of confinement: the choice, the report, folders and homes."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from appwrite_emulator.sandbox import (
    Command,
    Containment,
    Limits,
    LimitsSandbox,
    OffSandbox,
    Report,
    SandboxMissing,
    choose,
)
from appwrite_emulator.sandbox.choice import Probes
from appwrite_emulator.sandbox.probe import landlock

_NOBODY = (65534, 65534)
_needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def _probes(*, root: bool = False) -> Probes:
    return Probes(bwrap=lambda: "bwrap: refused", landlock=lambda: 4, is_root=lambda: root)


def _command(home: Path) -> Command:
    return Command(argv=("/bin/true",), env={"A": "1"}, cwd="/", home=str(home))


def test_a_user_gets_limits_and_is_told_what_they_do_not_contain() -> None:
    sandbox = choose(probes=_probes())

    assert sandbox.owner is None
    assert sandbox.report.to_json() == {
        "rung": "limits",
        "files": False,
        "signals": False,
        "pids": True,
        "net": "open",
        "memory": "watcher",
        "uid": None,
        "why": ["bwrap: refused", "landlock: ABI 4, not used by this version"],
    }


def test_what_holds_back_is_looked_for_once_and_only_when_somebody_asks() -> None:
    looks: list[str] = []
    probes = Probes(bwrap=lambda: looks.append("bwrap"), landlock=lambda: 0, is_root=lambda: True)
    report = choose(probes=probes).report

    assert (report.line.startswith("sandbox: limits"), looks) == (True, [])
    assert (
        report.why
        == report.why
        == ("bwrap: works here, not used by this version", "landlock: none")
    )
    assert looks == ["bwrap"]


def test_root_hands_functions_to_nobody() -> None:
    sandbox = choose(probes=_probes(root=True))

    assert sandbox.owner == _NOBODY
    assert sandbox.report.files is Containment.PARTLY
    assert "user 65534" in sandbox.report.line
    assert len(sandbox.report.line) <= 80


def test_require_refuses_when_files_are_not_contained() -> None:
    with pytest.raises(SandboxMissing, match="bwrap: refused"):
        choose("require", probes=_probes(root=True))


def test_off_lifts_limits_and_says_so(tmp_path: Path) -> None:
    sandbox = choose("off")

    assert sandbox.report.line.startswith("sandbox: off — files ✗")
    confined = sandbox.confine(_command(tmp_path / "home"))
    assert confined.limits == Limits(processes=None, file_size=None, open_files=None)


def test_probes_answer_on_this_machine() -> None:
    report = choose().report

    assert report.why[0].startswith("bwrap: ")
    assert landlock() >= 0


@pytest.mark.parametrize("kind", [LimitsSandbox, OffSandbox])
def test_a_command_gets_a_private_home(
    kind: type[LimitsSandbox] | type[OffSandbox], tmp_path: Path
) -> None:
    home = tmp_path / "homes" / "one"

    confined = kind(Report(rung="x")).confine(_command(home))

    assert confined.env == {"HOME": str(home), "TMPDIR": str(home / "tmp"), "A": "1"}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert (home / "tmp").is_dir()


def test_without_another_user_data_is_the_workspace(tmp_path: Path) -> None:
    assert LimitsSandbox(Report(rung="limits")).workspace(tmp_path) == tmp_path


def test_data_that_nobody_can_reach_moves_to_a_shared_folder(tmp_path: Path) -> None:
    data, other, sandbox = _private_data(tmp_path)

    folder = sandbox.workspace(data)

    assert stat.S_IMODE(folder.stat().st_mode) == 0o711
    assert sandbox.workspace(data) == folder
    assert sandbox.workspace(other) != folder
    shutil.rmtree(folder)
    shutil.rmtree(sandbox.workspace(other))


def test_a_shared_folder_goes_when_its_data_is_gone(tmp_path: Path) -> None:
    data, other, sandbox = _private_data(tmp_path)
    folder = sandbox.workspace(data)
    (folder / "builds").mkdir()
    data.rmdir()

    kept = sandbox.workspace(other)

    assert not folder.exists()
    assert sandbox.workspace(other) == kept
    shutil.rmtree(kept)


def _private_data(tmp_path: Path) -> tuple[Path, Path, LimitsSandbox]:
    """Two data folders that nobody else can reach, and a sandbox with another user."""
    data, other = tmp_path / "private" / "data", tmp_path / "private" / "other"
    data.parent.mkdir(mode=0o700)
    data.mkdir()
    other.mkdir()
    return data, other, LimitsSandbox(Report(rung="limits"), (12345, 12345))


def test_a_shared_folder_made_by_somebody_else_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, _, sandbox = _private_data(tmp_path)
    folder = sandbox.workspace(data)
    shutil.rmtree(folder)
    folder.symlink_to(tmp_path)

    with pytest.raises(PermissionError, match="belongs to somebody else"):
        sandbox.workspace(data)
    folder.unlink()


@_needs_root
def test_adopting_follows_no_link(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.touch()
    (inside / "deep").mkdir(parents=True)
    (inside / "deep" / "file").touch()
    (inside / "link").symlink_to(outside)
    (inside / "folder").symlink_to(tmp_path, target_is_directory=True)

    LimitsSandbox(Report(rung="limits"), _NOBODY).adopt(inside)

    assert (inside / "deep" / "file").stat().st_uid == 65534
    assert (inside / "link").lstat().st_uid == 65534
    assert outside.stat().st_uid == tmp_path.stat().st_uid == 0


@_needs_root
def test_reclaiming_leaves_readers_and_takes_writers_their_right(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir(mode=0o700)
    tool = tmp_path / "bin" / "tool"
    tool.touch()
    tool.chmod(0o766)
    (tmp_path / "gone").symlink_to("nowhere")
    sandbox = LimitsSandbox(Report(rung="limits"), _NOBODY)
    sandbox.adopt(tmp_path)

    sandbox.reclaim(tmp_path)

    assert tool.stat().st_uid == 0
    assert stat.S_IMODE(tool.stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "bin").stat().st_mode) == 0o755


def test_a_folder_that_functions_can_reach_is_lent_as_it_is(tmp_path: Path) -> None:
    sandbox = LimitsSandbox(Report(rung="limits"))

    assert sandbox.lend(tmp_path, tmp_path / "work") == tmp_path


@_needs_root
def test_a_folder_out_of_reach_is_lent_as_a_fresh_readable_copy(tmp_path: Path) -> None:
    closed, work = tmp_path / "closed" / "runtimes", tmp_path / "work"
    closed.mkdir(parents=True, mode=0o700)
    work.mkdir()
    (closed.parent).chmod(0o700)
    (closed / "launcher").write_text("one")
    (closed / "launcher").chmod(0o600)
    sandbox = LimitsSandbox(Report(rung="limits"), _NOBODY)
    sandbox.lend(closed, work)
    (closed / "launcher").write_text("two")

    copy = sandbox.lend(closed, work)

    assert copy != closed
    assert copy.name == "runtimes"
    assert (copy / "launcher").read_text() == "two"
    assert (copy / "launcher").stat().st_mode & stat.S_IROTH
    assert not (copy / "launcher").stat().st_mode & stat.S_IWOTH
