"""Paths of the copies that run become those of the developer's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator.cli.live.paint import Paint
from appwrite_emulator.cli.live.places import Places


@pytest.mark.parametrize("copy", ["builds/0a1b", "inspected/shop/hello"])
def test_a_copys_path_is_told_as_the_sources(tmp_path: Path, copy: str) -> None:
    source = tmp_path / "hello"
    (source / "src").mkdir(parents=True)
    (source / "src" / "main.js").touch()
    places = Places(tmp_path / "builds", lambda project, id: source, tmp_path, Paint())
    text = f"    at main ({tmp_path}/{copy}/src/function/src/main.js:3:9)"
    assert places.own(text, "shop", "hello") == "    at main (hello/src/main.js:3:9)"
