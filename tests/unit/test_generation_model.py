"""Generations in a row, over random edits: each is what the folder was, now and later."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator.builder import folders, generation
from appwrite_emulator.builder.generation import Recipe
from appwrite_emulator.project_file import Entry
from appwrite_emulator.trees import scan

PATHS = ("main.js", "a", "a/b", "a/b/c", "made", "made/x", "link")
RECIPE = Recipe(runtime="node-22", entrypoint="main.js", commands="", era="1.9")
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["write", "rename", "delete", "chmod", "link", "keep"]),
        st.sampled_from(PATHS),
        st.sampled_from(["one", "two", "three"]),
    ),
    max_size=3,
)

Content = dict[str, tuple[str, bool]]


def edit(folder: Path, kind: str, name: str, text: str) -> None:
    path = folder / name
    if kind == "keep" or any(parent.is_file() for parent in path.parents):
        return
    if kind == "link" and path.parent.is_symlink():  # it could lead back to where it lies
        return
    if kind == "chmod":
        if path.is_file():
            path.chmod(path.stat().st_mode ^ 0o111)
        return
    if kind == "write" and path.is_file() and not path.is_symlink():
        path.write_text(text)
        return
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "link":
        path.symlink_to(folder.parent / "elsewhere" / text)
    elif kind in ("write", "rename"):
        (folder.parent / "new").write_text(text)
        os.replace(folder.parent / "new", path)


def content(folder: Path) -> Content:
    """Every file below a folder, by plain reading."""
    return {
        path: (Path(folder, path).read_text(), os.access(folder / path, os.X_OK))
        for parent, _, names in os.walk(folder, followlinks=True)
        for name in names
        if (path := os.path.relpath(os.path.join(parent, name), folder)) != folders.METADATA
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(EDITS, min_size=1, max_size=6))
def test_each_generation_is_what_the_folder_was_and_stays_so(
    saves: list[list[tuple[str, str, str]]],
) -> None:
    with TemporaryDirectory() as place:
        folder, elsewhere = Path(place, "fn"), Path(place, "elsewhere")
        for text in ("one", "two", "three"):
            (elsewhere / text).mkdir(parents=True)
            (elsewhere / text / "inner").write_text(text)
        folder.mkdir()
        (folder / "main.js").write_text("main")
        entry = Entry(id="f", name="F", runtime="node-22", folder=folder)
        made: list[tuple[Path, Content]] = []
        previous = None
        for number, edits in enumerate(saves):
            for each in edits:
                edit(folder, *each)
            build = Path(place, "builds", str(number))
            generation.lay(scan(entry), build, previous, RECIPE)
            made.append((folders.code_root(build), content(folder)))
            previous = build

        for code, expected in made:
            assert content(code) == expected
