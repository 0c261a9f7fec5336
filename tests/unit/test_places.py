"""Paths of the copies that run become those of the developer's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator.cli.live.paint import Paint
from appwrite_emulator.cli.live.places import Places
from appwrite_emulator.places import Copies


@pytest.mark.parametrize("copy", ["builds/0a1b", "inspected/shop/hello"])
def test_a_copys_path_is_told_as_the_sources(tmp_path: Path, copy: str) -> None:
    source = tmp_path / "hello"
    (source / "src").mkdir(parents=True)
    (source / "src" / "main.js").touch()
    places = Places(tmp_path / "builds", lambda project, id: source, tmp_path, Paint())
    text = f"    at main ({tmp_path}/{copy}/src/function/src/main.js:3:9)"
    assert places.own(text, "shop", "hello") == "    at main (hello/src/main.js:3:9)"


@pytest.mark.parametrize(
    ("text", "owned"),
    [
        ("at bake (file://{builds}/1/src/function/a.js:3:9)", "at bake ({source}/a.js:3:9)"),
        ('File "{builds}/1/src/function/a.js", line 3', 'File "{source}/a.js", line 3'),
        ("#0 {builds}/1/src/function/a.js(3): bake()", "#0 {source}/a.js(3): bake()"),
        ("{builds}/1/src/function/gone.js:3", "{builds}/1/src/function/gone.js:3"),
        ("nothing at all", "nothing at all"),
    ],
)
def test_copies_are_named_as_languages_do(tmp_path: Path, text: str, owned: str) -> None:
    source = tmp_path / "hello"
    source.mkdir()
    (source / "a.js").touch()
    names = {"builds": tmp_path / "builds", "source": source}

    told = Copies(tmp_path / "builds").own(text.format(**names), source)

    assert told == owned.format(**names)
