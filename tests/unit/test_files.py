"""Files: archives, long logs and builds by name, and the sweep over them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appwrite_emulator.files import Files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / ".appwrite-emulator"


@pytest.fixture
def files(folder: Path) -> Files:
    made = Files(folder, folder / "builds")
    made.start()
    return made


def upload(files: Files, name: str, digest: str) -> str:
    files.incoming(name).write_bytes(b"archive")
    return files.keep_source(files.incoming(name), digest)


def test_the_folder_hides_itself_from_git(files: Files, folder: Path) -> None:
    assert (folder / ".gitignore").read_text() == "*\n"


def test_the_folder_of_a_state_file_is_still_ours(folder: Path) -> None:
    folder.mkdir()
    (folder / "state.json.lock").touch()
    Files(folder, folder / "builds").start()
    assert (folder / ".gitignore").exists()


def test_a_folder_with_other_files_in_it_is_not_hidden_from_git(folder: Path) -> None:
    folder.mkdir()
    (folder / "main.js").touch()
    Files(folder, folder / "builds").start()
    assert not (folder / ".gitignore").exists()
    assert (folder / "sources" / ".gitignore").read_text() == "*\n"


def test_others_can_enter_builds_but_not_list_them(files: Files, folder: Path) -> None:
    assert stat.S_IMODE((folder / "builds").stat().st_mode) == 0o711


def test_builds_may_lie_elsewhere(folder: Path, tmp_path: Path) -> None:
    files = Files(folder, tmp_path / "elsewhere")
    files.start()
    assert files.build(files.new_build()).parent == tmp_path / "elsewhere"


def test_an_upload_is_kept_under_its_content_hash(files: Files, folder: Path) -> None:
    assert files.incoming("deployment").parent == folder / "sources"
    assert upload(files, "deployment", "abc") == "abc"
    assert files.source("abc").read_bytes() == b"archive"
    assert not files.incoming("deployment").exists()


def test_the_same_content_twice_is_one_file(files: Files) -> None:
    assert upload(files, "one", "abc") == upload(files, "two", "abc")
    assert files.sweep(sources=set(), logs=set(), builds=set()) == 1


@pytest.mark.parametrize("text", ["", "line\r\n", "ä \ud800 \x00"])
def test_a_log_is_read_back_as_it_was(files: Files, text: str) -> None:
    assert files.read_log(files.write_log(text)) == text


def test_the_same_log_twice_is_one_file(files: Files, folder: Path) -> None:
    assert files.write_log("x") == files.write_log("x")
    assert len(list((folder / "logs").iterdir())) == 1


def test_a_lost_log_says_so(files: Files, folder: Path) -> None:
    name = files.write_log("x")
    (folder / "logs" / name).unlink()
    assert name in files.read_log(name)
    assert "lost" in files.read_log(name)


def test_builds_get_names_that_cannot_be_guessed(files: Files) -> None:
    one, two = files.new_build(), files.new_build()
    assert one != two
    assert len(one) == 32
    assert (files.build(one) / "src" / "function").is_dir()


@pytest.mark.parametrize("name", ["", "..", "../x", "/etc/passwd", "a/b", ".gitignore", "a\n"])
def test_a_name_that_leads_elsewhere_is_refused(files: Files, name: str) -> None:
    for look_up in (files.source, files.build, files.incoming, files.read_log):
        with pytest.raises(ValueError, match="not the name"):
            look_up(name)


def test_the_sweep_removes_what_is_not_named(files: Files) -> None:
    kept, lost = files.new_build(), files.new_build()
    log, lost_log = files.write_log("kept"), files.write_log("lost")
    upload(files, "one", "abc")
    upload(files, "two", "def")
    files.incoming("arriving").touch()
    files.incoming("stale").touch()
    assert files.sweep(sources={"abc", "arriving"}, logs={log}, builds={kept}) == 4
    assert files.source("abc").exists()
    assert files.incoming("arriving").exists()
    assert files.build(kept).exists()
    assert files.read_log(log) == "kept"
    assert not files.source("def").exists()
    assert not files.incoming("stale").exists()
    assert not files.build(lost).exists()
    assert "lost" in files.read_log(lost_log)
    assert files.sweep(sources={"abc", "arriving"}, logs={log}, builds={kept}) == 0


def test_the_sweep_removes_read_only_builds_and_follows_no_link(
    files: Files, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o500)
    code = files.build(files.new_build()) / "src" / "function"
    (code / "main.js").touch()
    (code / "link").symlink_to(outside)
    code.chmod(0o500)
    assert files.sweep(sources=set(), logs=set(), builds=set()) == 1
    assert stat.S_IMODE(outside.stat().st_mode) == 0o500
