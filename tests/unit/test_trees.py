"""Trees: what is in one, when it is outdated, and that no edit of any kind goes unseen."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator.project_file import Entry, Skip
from appwrite_emulator.trees import Tree, scan, stamps
from appwrite_emulator.trees.stamps import Stamp

from . import edits


def _entry(folder: Path, *, commands: str | None = None, ignore: tuple[str, ...] = ()) -> Entry:
    folder.mkdir(exist_ok=True)
    return Entry(
        id="f", name="f", runtime="node-22", folder=folder, commands=commands, ignore=ignore
    )


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _let_it_age(tree: Tree) -> None:
    """Wait until every stamp is old enough to be a proof."""
    while tree.is_current() and tree.seen.doubts:
        pass


def _scan_young(entry: Entry) -> Tree:
    """A scan so soon after a save that no stamp of it proves anything."""
    while True:
        main = entry.folder / "main.js"
        main.unlink()
        main.write_text("one")
        tree = scan(entry)
        if {str(main), str(entry.folder)} <= tree.seen.doubts.keys():
            return tree


@pytest.fixture
def entry(tmp_path: Path) -> Entry:
    _write(tmp_path / "f", {"main.js": "one", "lib/a.js": "a"})
    return _entry(tmp_path / "f")


def test_a_tree_has_contents_and_modes(entry: Entry) -> None:
    (entry.folder / "main.js").chmod(0o755)
    tree = scan(entry)
    assert tree.root == entry.folder
    assert tree.files == {"main.js": _digest("one"), "lib/a.js": _digest("a")}
    assert tree.modes == {"main.js": True, "lib/a.js": False}
    assert tree.is_current()
    assert tree.outside == ()


def test_a_tree_keeps_to_what_is_deployed(entry: Entry) -> None:
    _write(
        entry.folder,
        {
            ".gitignore": "*.log\n",
            "a.log": "",
            ".git/config": "",
            "lib/__pycache__/a.pyc": "",
            "secret.md": "",
            "env/pyvenv.cfg": "",
        },
    )
    tree = scan(_entry(entry.folder, commands="npm ci", ignore=("*.md",)))
    assert sorted(tree.files) == [".gitignore", "lib/a.js", "main.js"]


def test_dependency_folders_are_left_out_whatever_the_rules_say(entry: Entry) -> None:
    names = ["node_modules/a.js", "lib/node_modules/a.js", "vendor/a.php", "lib/vendor/a.php"]
    _write(entry.folder, {".gitignore": "!node_modules", **dict.fromkeys(names, "")})
    (entry.folder / "elsewhere").mkdir()
    (entry.folder / "elsewhere" / ".venv-3").symlink_to(entry.folder / "lib")
    tree = scan(entry, skip=["node_modules", "/vendor", ".venv*"])
    assert sorted(tree.files) == [".gitignore", "lib/a.js", "lib/vendor/a.php", "main.js"]


def test_files_named_like_a_dependency_folder_are_kept(entry: Entry) -> None:
    _write(entry.folder, {"vendor": ""})
    assert "vendor" in scan(entry, skip=["vendor"]).files


@pytest.mark.parametrize("name", ["a", "ab", "x[1]", "node_modules"])
def test_skipping_nothing_passes_only_what_never_is_source(name: str) -> None:
    assert not Skip().passes(name, at_root=True)
    assert Skip().passes(".git", at_root=False)


def test_a_marker_counts_by_its_time_and_size(entry: Entry) -> None:
    def look(before: Tree | None = None) -> Tree:
        return scan(entry, skip=["deps"], markers=["deps/.done"], before=before)

    without = look()
    _write(entry.folder, {"deps/.done": "1", "deps/a.js": ""})
    first = look(without)
    os.utime(entry.folder / "deps" / ".done", (1, 1))
    second = look(first)
    assert not without.is_current()
    assert not first.is_current()
    assert len({each.fingerprint for each in (without, first, second)}) == 3
    assert without.files == first.files == second.files
    _write(entry.folder, {"deps/a.js": "changed"})
    assert second.is_current()


def test_what_is_ignored_changes_no_fingerprint(entry: Entry) -> None:
    _write(entry.folder, {".gitignore": "*.log\n"})
    tree = scan(entry)
    _write(entry.folder, {"a.log": "1"})
    assert scan(entry, before=tree).fingerprint == tree.fingerprint


def test_an_ignored_gitignore_still_decides(entry: Entry) -> None:
    _write(entry.folder, {".gitignore": ".gitignore\n"})
    tree = scan(entry)
    _let_it_age(tree)
    _write(entry.folder, {".gitignore": ".gitignore\nlib\n"})
    assert not tree.is_current()
    assert sorted(scan(entry, before=tree).files) == ["main.js"]


def test_links_are_followed(entry: Entry, tmp_path: Path) -> None:
    _write(tmp_path, {"shared/b.js": "b", "one.js": "1"})
    (entry.folder / "shared").symlink_to("../shared")
    (entry.folder / "one.js").symlink_to(tmp_path / "one.js")
    (entry.folder / "again.js").symlink_to("main.js")
    (entry.folder / "dangling.js").symlink_to("nowhere")
    tree = scan(entry)
    assert tree.files == {
        "again.js": _digest("one"),
        "lib/a.js": _digest("a"),
        "main.js": _digest("one"),
        "one.js": _digest("1"),
        "shared/b.js": _digest("b"),
    }
    assert tree.outside == ("one.js", "shared")


def test_links_that_lead_back_are_followed_once(entry: Entry) -> None:
    (entry.folder / "lib" / "up").symlink_to("..")
    (entry.folder / "self").symlink_to("self")
    tree = scan(entry)
    assert sorted(tree.files) == ["lib/a.js", "main.js"]
    assert tree.is_current()


@pytest.mark.parametrize("change", ["target", "retarget", "appear"])
def test_a_change_behind_a_link_is_seen(entry: Entry, tmp_path: Path, change: str) -> None:
    _write(tmp_path, {"one.js": "1", "two.js": "2"})
    link = entry.folder / "x.js"
    link.symlink_to(tmp_path / ("three.js" if change == "appear" else "one.js"))
    tree = scan(entry)
    _let_it_age(tree)
    if change == "target":
        _write(tmp_path, {"one.js": "2"})
    elif change == "retarget":
        link.unlink()
        link.symlink_to(tmp_path / "two.js")
    else:
        _write(tmp_path, {"three.js": "2"})
    assert not tree.is_current()
    assert scan(entry, before=tree).files["x.js"] == _digest("2")


@pytest.mark.parametrize("is_old", [False, True])
def test_a_rewrite_of_the_same_size_is_seen(entry: Entry, is_old: bool) -> None:
    tree = scan(entry)
    if is_old:
        _let_it_age(tree)
    for text in ("two", "six", "ten"):
        (entry.folder / "main.js").write_text(text)
        assert not tree.is_current()
        tree = scan(entry, before=tree)
        assert tree.files["main.js"] == _digest(text)


def test_a_rewrite_that_keeps_the_time_is_seen(entry: Entry) -> None:
    main = entry.folder / "main.js"
    tree = scan(entry)
    _let_it_age(tree)
    times = main.stat()
    main.write_text("two")
    os.utime(main, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not tree.is_current()


def test_stamps_become_proofs_with_age(entry: Entry) -> None:
    tree = _scan_young(entry)
    _let_it_age(tree)
    assert not scan(entry, before=tree).seen.doubts


def test_a_young_stamp_is_no_proof() -> None:
    stamp = Stamp(10_000_000_001, 10_000_000_001, 1, 1, 1, 0)
    assert not stamp.proves(10_010_000_000)
    assert stamp.proves(10_030_000_000)
    assert not stamp._replace(changed=10_020_000_000).proves(10_030_000_000)
    assert not stamp._replace(modified=10_000_000_000).proves(12_000_000_000)


@pytest.mark.parametrize("change", ["content", "name"])
def test_a_change_in_the_tick_of_the_scan_is_seen(entry: Entry, change: str) -> None:
    tree = _scan_young(entry)
    if change == "content":
        _write(entry.folder, {"main.js": "two"})
    else:
        _write(entry.folder, {"new.js": ""})
    # As if the clock of the file system had stood still: the stamps look the same.
    for path in tree.seen.stamps:
        tree.seen.stamps[path] = stamps.of(path)
    assert not tree.is_current()
    assert scan(entry, before=tree).fingerprint != tree.fingerprint


def test_pipes_are_not_opened(entry: Entry) -> None:
    os.mkfifo(entry.folder / "pipe")
    (entry.folder / "alias").symlink_to("pipe")
    assert sorted(scan(entry).files) == ["lib/a.js", "main.js"]


def test_a_folder_that_is_gone_is_told(entry: Entry) -> None:
    tree = scan(entry)
    shutil.rmtree(entry.folder)
    assert not tree.is_current()
    with pytest.raises(FileNotFoundError, match=str(entry.folder)):
        scan(entry, before=tree)


def test_names_that_are_no_text_are_kept(entry: Entry) -> None:
    name = os.fsdecode(b"caf\xe9.js")
    _write(entry.folder, {name: "x"})
    tree = scan(entry)
    assert tree.files[name] == _digest("x")
    assert tree.is_current()


def _plain(folder: Path) -> dict[str, tuple[str, bool]]:
    """What a tree must hold, by simply reading everything."""
    rules = folder / ".gitignore"
    ending = ".log" if rules.exists() and rules.read_text() == "*.log\n" else "/"
    found = {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            bool(path.stat().st_mode & 0o111),
        )
        for path in _files_below(folder, ())
        if not path.name.endswith(ending)
    }
    return found


def _files_below(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    real = folder.resolve()
    for path in sorted(folder.iterdir()) if real not in above else ():
        if path.is_dir() and path.name != "node_modules":
            yield from _files_below(path, (*above, real))
        elif path.is_file():
            yield path


@settings(max_examples=100, deadline=None)
@given(st.lists(edits.EDITS, max_size=12))
def test_no_edit_goes_unseen(doing: list[edits.Edit]) -> None:
    with TemporaryDirectory() as place:
        folder = Path(place) / "f"
        _write(folder, {"a.js": "one", "sub/a.js": "one"})
        entry = _entry(folder)
        tree, known = scan(entry, skip=["node_modules"]), _plain(folder)
        for edit in doing:
            edits.do(folder, edit)
            if edit.kind == "age":
                _let_it_age(tree)
            truth = _plain(folder)
            assert truth == known or not tree.is_current()
            after = scan(entry, skip=["node_modules"], before=tree)
            assert {path: (after.files[path], after.modes[path]) for path in after.files} == truth
            assert (after.fingerprint == tree.fingerprint) == (truth == known)
            assert after.is_current()
            if edit.kind == "scan":
                tree, known = after, truth
