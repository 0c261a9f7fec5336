"""What every launcher owes on its pipes, where the executor would hide a mistake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .driver import CALL, EXIT, LOADED, Answer, Driven, driven, request_header
from .languages import Language


@pytest.fixture
def fresh(language: Language) -> Iterator[Driven]:
    """A launcher without user code."""
    with driven(language.launch.argv) as launcher:
        yield launcher


@pytest.fixture
def launcher(fresh: Driven, language: Language) -> Driven:
    """A launcher with the conformance function."""
    frame = fresh.load(language.profile.folder, language.profile.entrypoints[0])
    assert frame.kind == LOADED
    assert frame.header["ms"] >= 0
    return fresh


@pytest.mark.parametrize("how", ["exit frame", "end of file"])
def test_a_launcher_ends_with_the_emulator(launcher: Driven, how: str) -> None:
    if how == "exit frame":
        launcher.send(EXIT, 0, {})
    else:
        launcher.hang_up()
    assert launcher.exit_code() == 0


def test_an_unknown_frame_is_ignored(fresh: Driven, language: Language) -> None:
    profile = language.profile
    fresh.send(99, 5, {"a": 1}, b"body")
    assert fresh.load(profile.folder, profile.entrypoints[0]).kind == LOADED
    fresh.send(99, 5, {"a": 1}, b"body")
    assert fresh.call("statusResponse").status == 404


def test_frames_that_come_together_are_told_apart(launcher: Driven) -> None:
    ids = range(1, 41)
    for id in ids:
        launcher.send(CALL, id, request_header("requestBodyText"), b"%d" % id * 500)
    answers = dict(launcher.answer() for _ in ids)
    assert [answers[id].body for id in ids] == [b"%d" % id * 500 for id in ids]


def test_nothing_is_sent_when_logging_is_off(launcher: Driven) -> None:
    assert launcher.call("logs", logging=False).messages == []


def test_a_launcher_is_quiet_when_nothing_runs(launcher: Driven) -> None:
    assert launcher.pending() == {}
    launcher.call("logs")
    assert launcher.pending() == {}


def test_a_missing_return_is_marked(launcher: Driven) -> None:
    assert launcher.call("noResponse").header["kind"] == "missing-return"


def test_a_line_after_the_answer_is_not_sent(launcher: Driven, language: Language) -> None:
    if "lateLog" in language.profile.missing:
        assert "Unknown action" in launcher.call("lateLog").errors
        return
    answers: dict[int, Answer] = {}
    assert launcher.call("lateLog", id=11).messages == []
    launcher.send(CALL, 12, request_header("overlap"), b"slow")  # outlasts the late line
    launcher.answer(answers)
    assert [*answers] == [12]


def test_calls_that_overlap_in_one_process_keep_their_lines_apart(
    launcher: Driven, language: Language
) -> None:
    answers: dict[int, Answer] = {}
    names = {7: "slow", 8: "fast"}
    for id, name in names.items():
        launcher.send(CALL, id, request_header("overlap"), name.encode())
    order = [launcher.answer(answers)[0] for _ in names]
    assert order == ([8, 7] if language.profile.interleaves else [7, 8])
    for id, name in names.items():
        assert answers[id].said("log") == [f"{name} begins", f"{name} ends"]
        caught = [f"native {name} begins", f"native {name} ends"]  # where prints are messages
        assert answers[id].said("native") in ([], caught)
