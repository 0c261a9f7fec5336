"""Edits of a function's folder, as editors, developers and tools make them, at random."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hypothesis import strategies as st


class Edit(NamedTuple):
    """What is done to which path, relative to the folder, and with what text, target or mode."""

    kind: str
    name: str
    text: str


NAMES = ["a.js", "b.js", "c.log", "sub/a.js", "sub/d.log", "sub/deep/e.js", "node_modules/x.js"]
PLACES = [*NAMES, "../outside.js", "../outside/a.js"]
LINKS = ["link", "sub/link", "a.js"]
TARGETS = ["a.js", "sub", "../outside.js", "../outside", "nowhere", ".."]
WORDS = st.sampled_from(["one", "two", "six", "three", "eleven"])
EDITS = st.one_of(
    st.builds(Edit, st.just("write"), st.sampled_from(PLACES), WORDS),
    st.builds(Edit, st.just("rename over"), st.sampled_from(PLACES), WORDS),
    st.builds(
        Edit, st.just("delete"), st.sampled_from([*PLACES, *LINKS, "sub", "sub/deep"]), st.just("")
    ),
    st.builds(Edit, st.just("link"), st.sampled_from(LINKS), st.sampled_from(TARGETS)),
    st.builds(Edit, st.just("mode"), st.sampled_from(PLACES), st.sampled_from(["755", "644"])),
    st.builds(
        Edit, st.just("ignore"), st.just(".gitignore"), st.sampled_from(["*.log\n", "#log\n"])
    ),
    st.builds(Edit, st.just("age"), st.just(""), st.just("")),
    st.builds(Edit, st.just("scan"), st.just(""), st.just("")),
)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _make_room(path: Path, root: Path) -> None:
    """Let `path` be written as a file, whatever lies in its way."""
    for above in reversed(path.parents):
        if above.is_relative_to(root) and above.is_symlink():
            above.unlink()
    if path.is_symlink() or path.is_dir():
        _remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)


def _do_write(path: Path, text: str) -> None:
    path.write_text(text)


def _do_rename_over(path: Path, text: str) -> None:
    temporary = path.with_name(".tmp")
    temporary.write_text(text)
    temporary.replace(path)


def _do_link(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _do_mode(path: Path, mode: str) -> None:
    if path.exists():
        path.chmod(int(mode, 8))


DOING: dict[str, Callable[[Path, str], None]] = {
    "write": _do_write,
    "ignore": _do_write,
    "rename over": _do_rename_over,
    "link": _do_link,
    "mode": _do_mode,
}


def do(root: Path, edit: Edit) -> None:
    """Do it to the folder `root`, and to what lies beside it."""
    kind, name, text = edit
    path = root / name
    if kind == "delete":
        _remove(path)
    elif kind in DOING:
        _make_room(path, root)
        DOING[kind](path, text)
