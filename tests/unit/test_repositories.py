"""Reading repositories of this machine: what is taken of them, and what must not happen."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from appwrite_emulator.config import Repository
from appwrite_emulator.repositories import (
    Order,
    Reference,
    ReferenceKind,
    Repositories,
    RepositoryUnavailable,
)

from .. import gits

PATH = os.environ["PATH"]
MAIN = Reference(ReferenceKind.BRANCH, "main")


@pytest.fixture
def git(tmp_path: Path) -> Path:
    return gits.repository(tmp_path / "git", {"a.txt": "one", "sub/b.txt": "two"})


def _known(path: Path, search_path: str = PATH) -> Repositories:
    return Repositories([Repository("o", "r", path)], search_path)


def _packed(
    path: Path, reference: Reference = MAIN, root: str = "", target: str = "x.tar.gz"
) -> dict[str, tarfile.TarInfo]:
    """The entries of what is packed."""
    archive = path.parent / target
    order = Order("o", "r", *reference, root)
    assert _known(path).pack([order], archive, limit=0) == archive.stat().st_size
    with tarfile.open(archive) as tar:
        return {os.path.normpath(each.name): each for each in tar.getmembers()}


def _refusal(path: Path, reference: Reference = MAIN, search_path: str = PATH) -> str:
    target = path.parent / "refused.tar.gz"
    with pytest.raises(RepositoryUnavailable) as caught:
        _known(path, search_path).pack([Order("o", "r", *reference, "")], target, limit=0)
    assert not target.exists()
    return str(caught.value)


def test_what_is_committed_counts_not_what_lies_there(git: Path) -> None:
    gits.write(git, {"a.txt": "changed", "new.txt": "n"})
    entries = _packed(git)
    assert sorted(entries) == ["a.txt", "sub/b.txt"]
    assert entries["a.txt"].size == 3


def test_bits_links_and_odd_names_are_kept(git: Path) -> None:
    (git / "run").write_text("#!/bin/sh\n")
    (git / "run").chmod(0o755)
    (git / "link").symlink_to("sub/b.txt")
    gits.commit(git, {"ünï cödé\n\t.txt": "x", "-rf": "x", "empty": ""}, "More")
    entries = _packed(git)
    assert (entries["run"].mode, entries["a.txt"].mode) == (0o755, 0o644)
    assert (entries["link"].type, entries["link"].linkname) == (tarfile.SYMTYPE, "sub/b.txt")
    assert {"ünï cödé\n\t.txt", "-rf", "empty"} <= set(entries)


def test_attributes_for_archives_leave_nothing_out(git: Path) -> None:
    gits.commit(git, {".gitattributes": "a.txt export-ignore\n*.txt text eol=crlf\n"}, "Ignore")
    entries = _packed(git)
    assert sorted(entries) == [".gitattributes", "a.txt", "sub/b.txt"]
    assert entries["a.txt"].size == 3


def test_the_same_state_gives_the_same_bytes(git: Path) -> None:
    for name in ("1.tar.gz", "2.tar.gz"):
        _packed(git, target=name)
    first, second = ((git.parent / f"{n}.tar.gz").read_bytes() for n in (1, 2))
    assert first == second


def test_bare_repositories_work_trees_and_branches_of_clones_are_read(git: Path) -> None:
    gits.git(git, "branch", "other")
    gits.git(git.parent, "clone", "-q", "--bare", str(git), "bare.git")
    gits.git(git.parent, "clone", "-q", str(git), "clone")
    gits.git(git, "worktree", "add", "-q", str(git.parent / "tree"), "other")
    other = Reference(ReferenceKind.BRANCH, "other")
    for name in ("bare.git", "clone", "tree"):
        assert sorted(_packed(git.parent / name, other)) == ["a.txt", "sub/b.txt"]


def test_a_folder_inside_a_repository_is_a_folder(git: Path) -> None:
    gits.write(git, {"sub/new.txt": "n"})
    assert sorted(_packed(git / "sub")) == [".", "b.txt", "new.txt"]


def test_a_commit_wins_over_a_branch_that_is_called_like_one(git: Path) -> None:
    first = gits.git(git, "rev-parse", "HEAD")
    gits.commit(git, {"a.txt": "later"}, "Later")
    gits.git(git, "branch", first[:7])
    commit = Reference(ReferenceKind.COMMIT, first)
    assert _known(git).commit(Repository("o", "r", git), commit).hash == first
    assert "there is no commit" in _refusal(git, Reference(ReferenceKind.COMMIT, first[:7]))


def test_an_empty_repository_has_no_branch(tmp_path: Path) -> None:
    (tmp_path / "git").mkdir()
    gits.git(tmp_path / "git", "init", "-q")
    assert "there is no branch 'main'" in _refusal(tmp_path / "git")
    assert "There are: none." in _refusal(tmp_path / "git")


def test_nothing_of_a_repository_is_run(git: Path) -> None:
    marker = git.parent / "ran"
    script = git.parent / "script"
    script.write_text(f"#!/bin/sh\necho \"$0\" >> '{marker}'\ncat\n")
    script.chmod(0o755)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (git / ".git" / "hooks" / hook).symlink_to(script)
    gits.commit(git, {".gitattributes": "* filter=own diff=own\n"}, "Filter")
    marker.unlink(missing_ok=True)
    for key in ("filter.own.smudge", "diff.own.textconv", "core.fsmonitor", "core.pager"):
        gits.git(git, "config", key, str(script))
    before = gits.git(git, "for-each-ref")
    marker.unlink(missing_ok=True)
    _packed(git)
    _known(git).commit(Repository("o", "r", git), MAIN)
    assert not marker.exists()
    assert not (git / ".git" / "index.lock").exists()
    assert gits.git(git, "for-each-ref") == before


def test_a_signature_is_not_handed_to_a_program_of_the_repository(git: Path) -> None:
    marker, script = git.parent / "ran", git.parent / "script"
    script.write_text(f"#!/bin/sh\ntouch '{marker}'\n")
    script.chmod(0o755)
    for key, value in (("log.showSignature", "true"), ("gpg.program", str(script))):
        gits.git(git, "config", key, value)
    raw = gits.git(git, "cat-file", "commit", "HEAD").replace(
        "\n\n",
        "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n",
        1,
    )
    (git.parent / "signed").write_text(raw)
    signed = gits.git(git, "hash-object", "-t", "commit", "-w", str(git.parent / "signed"))
    reference = Reference(ReferenceKind.COMMIT, signed)
    assert _known(git).commit(Repository("o", "r", git), reference).author == gits.AUTHOR
    assert not marker.exists()


@pytest.mark.parametrize("search_path", ["", ".", "/nowhere:"])
def test_a_program_in_a_repository_is_not_taken_for_git(git: Path, search_path: str) -> None:
    """A search path that is empty, or has an empty part, means the folder one is in."""
    (git / "git").write_text(f"#!/bin/sh\n/bin/touch '{git.parent}/ran'\n")
    (git / "git").chmod(0o755)
    assert "is missing" in _refusal(git, search_path=search_path)
    assert not (git.parent / "ran").exists()


def test_what_the_repository_says_of_names_and_texts_does_not_count(git: Path) -> None:
    (git / ".mailmap").write_text(f"Somebody <x@example.com> {gits.AUTHOR} <ada@example.com>\n")
    gits.git(git, "config", "i18n.logOutputEncoding", "utf-16")
    gits.git(git, "config", "log.showRoot", "true")
    gits.git(git, "config", "core.commentChar", "B")
    commit = _known(git).commit(Repository("o", "r", git), MAIN)
    assert (commit.author, commit.message) == (gits.AUTHOR, "Begin")


def test_an_object_that_vanishes_while_it_is_read_is_missed(git: Path) -> None:
    """As by `git gc` after a forced push: what comes after it must not take its place."""
    lost = gits.git(git, "rev-parse", "HEAD:a.txt")
    object = git / ".git" / "objects" / lost[:2] / lost[2:]
    tools = git.parent / "tools"
    tools.mkdir()
    wrapper = tools / "git"
    real = shutil.which("git")
    wrapper.write_text(
        f'#!/bin/sh\ncase "$*" in *cat-file*) rm -f "{object}";; esac\nexec {real} "$@"\n'
    )
    wrapper.chmod(0o755)
    text = _refusal(git, search_path=f"{tools}:{PATH}")
    assert f"git could not read {git}: " in text
    assert lost in text


def test_settings_of_the_user_do_not_count(git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    monkeypatch.setenv("HOME", "/nowhere")
    assert sorted(_packed(git)) == ["a.txt", "sub/b.txt"]


def test_a_missing_git_and_a_damaged_repository_are_named(git: Path) -> None:
    assert f"git, which is needed to read {git}, is missing." in _refusal(git, search_path="")
    tree = gits.git(git, "rev-parse", "HEAD^{tree}")
    (git / ".git" / "objects" / tree[:2] / tree[2:]).unlink()
    assert f"git could not read {git}: " in _refusal(git)


def test_what_a_clone_left_behind_is_not_fetched(git: Path) -> None:
    gits.git(git, "config", "uploadpack.allowFilter", "true")
    url = f"file://{git}"
    gits.git(git.parent, "clone", "-q", "--filter=blob:none", "--no-checkout", url, "partial")
    assert "git could not read" in _refusal(git.parent / "partial")


def test_other_repositories_inside_are_left_out(git: Path) -> None:
    inner = gits.repository(git / "inner", {"c.txt": "c"})
    gits.commit(git, {}, "Add a repository")
    assert sorted(_packed(git)) == ["a.txt", "sub/b.txt"]
    plain = gits.write(git.parent / "plain", {"a.txt": "a"})
    inner.rename(plain / "inner")
    assert sorted(_packed(plain)) == [".", "a.txt", "inner", "inner/c.txt"]


def test_a_folder_gives_files_and_links_only(tmp_path: Path) -> None:
    folder = gits.write(tmp_path / "plain", {"a": "a", "b": "b"})
    os.link(folder / "a", folder / "same")
    (folder / "link").symlink_to("a")
    (folder / "a").chmod(0o4711)
    os.mkfifo(folder / "pipe")
    entries = _packed(folder)
    assert sorted(entries) == [".", "a", "b", "link", "same"]
    assert (entries["a"].mode, entries["b"].mode) == (0o755, 0o644)
    assert {(each.uid, each.uname, each.mtime) for each in entries.values()} == {(0, "", 0)}


def test_one_large_file_after_another_is_read_whole(git: Path) -> None:
    big = "x" * 5_000_000
    gits.commit(git, {"1.bin": big, "2.bin": big, "3.bin": "end"}, "Grow")
    entries = _packed(git)
    assert [entries[f"{n}.bin"].size for n in (1, 2, 3)] == [len(big), len(big), 3]
    with tarfile.open(git.parent / "x.tar.gz") as tar:
        file = tar.extractfile("3.bin")
        assert file is not None
        assert file.read() == b"end"


def test_messages_are_read_as_they_were_written(git: Path) -> None:
    subprocess.run(
        ["git", "-c", "user.name=Ünï", "-c", "user.email=u@example.com", "commit", "-q",
         "--allow-empty", "--author=Ünï <u@example.com>", "-m", "One line\n\nand more ✓\n"],
        cwd=git, check=True, env={"PATH": PATH, "GIT_CONFIG_GLOBAL": os.devnull},
    )  # fmt: skip
    commit = _known(git).commit(Repository("o", "r", git), MAIN)
    assert (commit.author, commit.message) == ("Ünï", "One line\n\nand more ✓")
