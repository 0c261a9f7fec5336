"""The suite itself: every expectation can fail, and what nobody reads is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from appwrite_emulator.execution.executor import Outcome, Result

from .case import Expect
from .problems import problems
from .profile import FILE, read_profile

_RESULT = Result(
    outcome=Outcome.ANSWERED,
    status=200,
    headers=(("set-cookie", "a"), ("set-cookie", "b"), ("content-type", "a/b;  charset=utf-8")),
    body='{"a": 1, "b": "ü"}'.encode(),
    logs="one\ntwo\n",
    errors="",
    duration=0.0,
    cold=False,
)
_WORDS = {"root": "/code", "number": "1"}


@pytest.mark.parametrize(
    "expect",
    [
        Expect(),
        Expect(body='{"a": {number}, "b": "ü"}'),
        Expect(body_hex=_RESULT.body.hex(), body_lacks=("c",)),
        Expect(json='{"b": "ü", "a": {number}}', json_has='{"a": 1.0}'),
        Expect(content_type="a/b; charset=utf-8", headers={"set-cookie": ["a", "b"]}),
        Expect(no_headers=("x",)),
        Expect(logs="one\ntwo\n", logs_have=("two",), logs_lack=("three",), logs_match=(r"\Ao",)),
        Expect(errors="", errors_lack=("e",), errors_match=(r"\A\Z",)),
    ],
)
def test_what_is_as_expected_is_no_problem(expect: Expect) -> None:
    assert problems(_RESULT, expect, _WORDS) == []


@pytest.mark.parametrize(
    "expect",
    [
        Expect(status=201),
        Expect(body=""),
        Expect(body_hex=""),
        Expect(body_lacks=("ü",)),
        Expect(json="{}"),
        Expect(json_has='{"a": 2}'),
        Expect(json_has='{"c": null}'),
        Expect(content_type="a/b"),
        Expect(headers={"set-cookie": "a"}),
        Expect(headers={"x": "a"}),
        Expect(no_headers=("set-cookie",)),
        Expect(logs=""),
        Expect(logs_have=("{root}",)),
        Expect(logs_lack=("two",)),
        Expect(logs_match=(r"\Atwo",)),
        Expect(errors="e"),
        Expect(errors_have=("e",)),
        Expect(errors_match=("e",)),
    ],
)
def test_what_is_otherwise_is_one_problem(expect: Expect) -> None:
    assert len(problems(_RESULT, expect, _WORDS)) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("wrong = 1", "unknown keys: wrong"),
        ("[differences.json]\nwrong = 1", "unknown expectation: wrong"),
        ('[[cases]]\nname = "n"\nwrong = 1\nexpect = {}', "case 'n' has unknown keys: wrong"),
        ('[[programs]]\nname = "n"\nexpect = { wrong = 1 }', "unknown expectation: wrong"),
    ],
)
def test_what_nobody_reads_is_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / FILE).write_text(f'entrypoints = ["a"]\n{text}\n')
    with pytest.raises(ValueError, match=said):
        read_profile(tmp_path)
