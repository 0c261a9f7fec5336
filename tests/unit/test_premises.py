"""A folder that user code writes to, brought back to what it held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from appwrite_emulator.execution.premises import Litter, Premises


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home" / "tmp").mkdir(parents=True)
    return tmp_path / "home"


def noted(folder: Path, *, exact: bool = True, skipped: tuple[str, ...] = ()) -> Premises:
    premises = Premises(str(folder), skipped=skipped, exact=exact)
    premises.note()
    return premises


def test_what_has_come_goes_and_is_told(home: Path) -> None:
    premises = noted(home)
    assert premises.is_tidy()
    (home / "tmp" / "a.txt").write_bytes(b"abc")
    (home / "cache" / "deep").mkdir(parents=True)
    (home / "cache" / "deep" / "b.bin").write_bytes(b"12345")
    assert not premises.is_tidy()
    done = premises.sweep()
    assert sorted(done.removed) == [Litter("cache", 5), Litter("tmp/a.txt", 3)]
    assert done.broken == []
    assert sorted(path.name for path in home.rglob("*")) == ["tmp"]
    assert premises.is_tidy()


def test_a_file_that_comes_at_once_after_a_sweep_is_seen(home: Path) -> None:
    premises = noted(home)
    for number in range(50):  # many of them within one tick of the file system's clock
        (home / "tmp" / f"{number}").touch()
        assert not premises.is_tidy()
        assert premises.sweep().removed == [Litter(f"tmp/{number}", 0)]
        assert premises.is_tidy()


def test_what_was_there_before_stays(home: Path) -> None:
    (home / "tmp" / "loaded").mkdir()
    (home / "tmp" / "loaded" / "data").write_text("kept")
    premises = noted(home)
    (home / "tmp" / "loaded" / "more").write_text("gone")
    assert premises.sweep() == ([Litter("tmp/loaded/more", 4)], [])
    assert (home / "tmp" / "loaded" / "data").read_text() == "kept"


def test_what_was_there_and_has_changed_cannot_be_put_right(home: Path) -> None:
    data, lost = home / "tmp" / "data", home / "tmp" / "lost"
    data.write_text("one")
    lost.touch()
    premises = noted(home)
    data.write_text("longer")
    lost.unlink()
    assert not premises.is_tidy()
    assert sorted(premises.sweep().broken) == ["tmp/data", "tmp/lost"]


def test_a_folder_that_is_gone_cannot_be_put_right(home: Path) -> None:
    premises = noted(home)
    (home / "tmp").rmdir()
    assert not premises.is_tidy()
    assert "tmp" in premises.sweep().broken


@pytest.mark.parametrize("is_link", [True, False], ids=["link", "another folder"])
def test_what_was_put_in_the_place_of_a_folder_is_not_emptied(
    home: Path, tmp_path: Path, is_link: bool
) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("mine")
    premises = noted(home)
    (home / "tmp").rename(home / "moved")
    if is_link:
        (home / "tmp").symlink_to(precious)
    else:
        precious.rename(home / "tmp")
        precious = home / "tmp"
    assert not premises.is_tidy()
    assert "tmp" in premises.sweep().broken
    assert (precious / "file").read_text() == "mine"


def test_a_link_goes_without_what_it_names(home: Path, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    premises = noted(home)
    (home / "tmp" / "link").symlink_to(tmp_path / "precious")
    (home / "tmp" / "folder").symlink_to(tmp_path)
    assert {litter.path for litter in premises.sweep().removed} == {"tmp/link", "tmp/folder"}
    assert (tmp_path / "precious").read_text() == "mine"


def test_of_a_build_only_names_are_compared_and_dependencies_are_passed_by(tmp_path: Path) -> None:
    code = tmp_path / "src" / "function"
    (code / "node_modules" / "pkg").mkdir(parents=True)
    (code / "main.js").write_text("one")
    premises = noted(tmp_path, exact=False, skipped=("node_modules",))
    (code / "main.js").write_text("another")
    (code / "node_modules" / "pkg" / "cache").touch()
    assert premises.is_tidy()
    (code / "left.json").write_text("{}")
    assert premises.sweep() == ([Litter("src/function/left.json", 2)], [])
    (code / "main.js").unlink()
    assert premises.sweep().broken == ["src/function/main.js"]
    assert (code / "node_modules" / "pkg" / "cache").exists()


@pytest.mark.parametrize("mode", [0o000, 0o300])
def test_what_nobody_can_look_into_goes_too_or_is_told(home: Path, mode: int) -> None:
    premises = noted(home)
    shut = home / "tmp" / "shut"
    shut.mkdir()
    (shut / "file").touch()
    shut.chmod(mode)
    try:
        done = premises.sweep()
        assert not shut.exists() or "tmp/shut" in done.broken
        assert shut.exists() or [litter.path for litter in done.removed] == ["tmp/shut"]
    finally:
        if shut.exists():
            shut.chmod(0o700)


def test_without_the_folder_there_is_nothing_to_note(tmp_path: Path) -> None:
    premises = noted(tmp_path / "absent")
    assert not premises.is_noted
    assert premises.sweep() == ([], [])


def test_names_that_are_no_text_go_as_well(home: Path) -> None:
    premises = noted(home)
    (home / "tmp" / os.fsdecode(b"\xff\xfe")).touch()
    assert len(premises.sweep().removed) == 1
    assert premises.is_tidy()
