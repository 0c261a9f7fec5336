"""Bits that flip in the files of a state: refused with their place, or without effect."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from appwrite_emulator.state import StateCorrupt, StateDB
from appwrite_emulator.state.disk import Paths
from appwrite_emulator.state.load import load
from appwrite_emulator.state.tables import Tables


class Sample(NamedTuple):
    """The files of a crashed emulator and what they hold."""

    paths: Paths
    rows: dict[str, list[tuple[str, Any]]]


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    path = tmp_path / "live" / "state.json"
    with StateDB.open(path) as db:
        db.table("functions").put("p/a", {"$id": "a", "name": "Ünïcode \n", "list": [1, True]})
        db.table("functions").put("p/b", {"$id": "b", "name": "", "none": None})
        db.table("variables").put("p/v", {"$id": "v", "value": "secret"})
    with StateDB.open(path) as db:
        db.table("functions").patch("p/a", {"name": "new"})
        with db.transaction():
            db.table("functions").drop("p/b")
            db.table("functions").put("p/c", {"$id": "c"})
        shutil.copytree(path.parent, tmp_path / "crashed")
    paths = Paths(tmp_path / "crashed" / "state.json")
    return Sample(paths, rows(paths))


def rows(paths: Paths) -> dict[str, list[tuple[str, Any]]]:
    tables = Tables()
    load(paths, tables)
    return {name: list(table.items()) for name, table in tables.copy().items()}


def files(paths: Paths) -> dict[str, bytes]:
    found = paths.state.parent.iterdir()
    return {file.name: file.read_bytes() for file in found if file != paths.lock}


def flips(path: Path) -> Iterator[tuple[int, bytes]]:
    """Each version of the file with one bit flipped, as bad hardware leaves it: date unchanged."""
    whole, date = path.read_bytes(), path.stat().st_mtime_ns
    for position in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            os.utime(path, ns=(date, date))
            yield position, bytes(damaged)
    path.write_bytes(whole)
    os.utime(path, ns=(date, date))


def refusal_of(sample: Sample) -> StateCorrupt | None:
    """Why opening is refused; None when it gives the rows as they were."""
    try:
        assert rows(sample.paths) == sample.rows
    except StateCorrupt as exc:
        return exc
    return None


def place(data: bytes, position: int) -> int:
    return data.count(b"\n", 0, position) + 1


def test_a_flipped_bit_in_the_state_file_is_never_read_as_other_rows(sample: Sample) -> None:
    whole = sample.paths.state.read_bytes()
    sums = whole.index(b'"_sums"')
    refused = 0
    for position, damaged in flips(sample.paths.state):
        refusal = refusal_of(sample)
        if refusal is None:  # the checksums themselves may be written in other ways
            assert position >= sums, (position, damaged)
            continue
        refused += 1
        assert refusal.path == sample.paths.state
        assert f"{refusal.path}:{refusal.line}:{refusal.column}: " in str(refusal)
        assert position >= sums or refusal.line - place(whole, position) in (0, 1), str(refusal)
    assert refused > 8 * sums


def test_a_flipped_bit_in_the_journal_is_never_read_as_other_rows(sample: Sample) -> None:
    whole = sample.paths.journal.read_bytes()
    for position, damaged in flips(sample.paths.journal):
        refusal = refusal_of(sample)
        assert refusal is not None, (position, damaged)
        assert refusal.path == sample.paths.journal
        assert refusal.line == place(whole, position)


@pytest.mark.parametrize("suffix", ["", ".journal"])
def test_a_refusal_changes_no_file(sample: Sample, suffix: str) -> None:
    path = sample.paths.beside(suffix)
    checked = path.read_bytes().partition(b'"_sums"')[0]
    for position, _ in flips(path):
        if position < len(checked) and position % 7 == 0:
            before = files(sample.paths)
            with pytest.raises(StateCorrupt):
                StateDB.open(sample.paths.state)
            assert files(sample.paths) == before


def test_a_state_file_cut_short_is_refused_wherever_the_cut_is(sample: Sample) -> None:
    whole = sample.paths.state.read_bytes()
    for size in range(len(whole) - 1):
        sample.paths.state.write_bytes(whole[:size])
        with pytest.raises(StateCorrupt):
            rows(sample.paths)
    sample.paths.state.write_bytes(whole[:-1])  # without the newline at its end
    assert rows(sample.paths) == sample.rows


def test_an_edit_is_taken_and_told(sample: Sample, caplog: pytest.LogCaptureFixture) -> None:
    text = sample.paths.state.read_text(encoding="utf-8")
    sample.paths.state.write_text(text.replace("secret", "edited"), encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        assert dict(rows(sample.paths)["variables"])["p/v"]["value"] == "edited"
    assert "was edited since it was written, from line 8 on" in caplog.text


def test_a_copy_with_another_date_is_checked_too(
    sample: Sample, caplog: pytest.LogCaptureFixture
) -> None:
    os.utime(sample.paths.state, (1, 1))
    with caplog.at_level(logging.WARNING):
        assert rows(sample.paths) == sample.rows
    assert caplog.text == ""


@pytest.mark.parametrize("lost", ['"_sums"', '"_meta"', '"crc32"', '"written"'])
def test_checksums_that_cannot_be_read_are_refused_even_after_an_edit(
    sample: Sample, lost: str
) -> None:
    text = sample.paths.state.read_text(encoding="utf-8")
    at = text.rindex(lost)
    sample.paths.state.write_text(text[:at] + lost.upper() + text[at + len(lost) :], "utf-8")
    with pytest.raises(StateCorrupt, match="missing"):
        rows(sample.paths)
