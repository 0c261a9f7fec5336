"""The `.env` of a function: what it may say, and how it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator.project_file import ProjectFileError, environment


def _refusal(folder: Path, content: bytes) -> str:
    (folder / ".env").write_bytes(content)
    with pytest.raises(ProjectFileError) as caught:
        environment(folder)
    return str(caught.value).removeprefix(f"{folder}/")


def test_what_dotenv_reads_is_read(tmp_path: Path) -> None:
    text = (
        "# a comment\n\nPLAIN=one two # not this\nexport SHOWN='it''s'\nEMPTY=\n"
        'LINES="a\\nb\nc"\nPLAIN=last\nWITH-DASH=1\nHASH="a#b"\n'
    )
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbf" + text.replace("''", "").encode())
    assert environment(tmp_path) == {
        "PLAIN": "last", "SHOWN": "its", "EMPTY": "", "LINES": "a\nb\nc", "WITH-DASH": "1",
        "HASH": "a#b",
    }  # fmt: skip


def test_nothing_of_our_own_environment_is_put_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "leaked")
    (tmp_path / ".env").write_text("A=${SECRET}\nB=$SECRET\n")
    assert environment(tmp_path) == {"A": "${SECRET}", "B": "$SECRET"}


def test_a_folder_without_one_has_no_variables(tmp_path: Path) -> None:
    assert environment(tmp_path) == {}
    (tmp_path / ".env").mkdir()  # an environment of Python
    assert environment(tmp_path) == {}


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"A=1\n\nB='open\n", '.env:3: "B=\'open" is no variable. Write KEY=value, and close'),
        (b"A=1\nALONE\n", ".env:2: ALONE has no value. Write ALONE= for an empty one."),
        (b"A=1\n=2\n", ".env:2: '=2' is no variable."),
        (b"A=1\nB=\xff\n", ".env:2: it is not text in UTF-8."),
        (b"A=1\nB=x\0\n", ".env:2: B holds a zero byte"),
        (b"\n" + b"K" * 256 + b"=1\n", ".env:2: the key KKK"),
        (b"A=" + b"v" * 8193, ".env:1: the value of A has 8,193 characters, Appwrite takes 8,192."),
    ],
)
def test_what_is_no_variable_is_named_with_its_line(
    tmp_path: Path, content: bytes, refusal: str
) -> None:
    assert _refusal(tmp_path, content).startswith(refusal)
