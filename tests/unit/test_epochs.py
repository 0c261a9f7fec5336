"""Epochs: what may still write after a restore or a reset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appwrite_emulator.services.epochs import Epochs
from appwrite_emulator.services.leftovers import LateCall
from appwrite_emulator.state import EpochPassed, StateDB


@pytest.fixture
def db() -> Iterator[StateDB]:
    with StateDB.open(None) as opened:
        yield opened


def test_work_from_before_a_restore_is_refused_and_named(db: StateDB) -> None:
    epochs = Epochs(db)
    begun = epochs.of("p")
    epochs.check("p", begun)
    db.restore(db.snapshot())
    with pytest.raises(EpochPassed, match=r"epoch 1 .*epoch 2"):
        epochs.check("p", begun)
    epochs.check("p", epochs.of("p"))


def test_the_end_of_one_projects_epoch_leaves_the_others_alone(db: StateDB) -> None:
    epochs = Epochs(db)
    mine, other = epochs.of("mine"), epochs.of("other")
    epochs.end("mine")
    with pytest.raises(EpochPassed):
        epochs.check("mine", mine)
    epochs.check("other", other)
    epochs.end()
    with pytest.raises(EpochPassed):
        epochs.check("other", other)


def test_who_asked_is_told_when_an_epoch_ends(db: StateDB) -> None:
    epochs, ended = Epochs(db), list[str]()
    epochs.when_ended(ended.append)
    epochs.end("p")
    epochs.end()
    assert ended == ["p", ""]


def test_a_mark_is_past_once_its_epoch_has_ended(db: StateDB) -> None:
    epochs = Epochs(db)
    mine, other = epochs.mark("mine"), epochs.mark("other")
    assert not epochs.is_past("mine", mine)
    epochs.end("mine")
    assert (epochs.is_past("mine", mine), epochs.is_past("other", other)) == (True, False)
    db.restore(db.snapshot())
    assert epochs.is_past("other", other)
    assert not epochs.is_past("other", epochs.mark("other"))


@pytest.mark.parametrize("mark", ["", "1", "abcdef.1", ".", "é.2"])
def test_a_mark_of_another_process_or_none_is_not_past(db: StateDB, mark: str) -> None:
    epochs = Epochs(db)
    epochs.end()
    assert not epochs.is_past("p", mark)
    assert not epochs.is_past("p", Epochs(db).mark("p"))


def test_what_has_begun_before_an_end_is_told_by_project(db: StateDB) -> None:
    epochs = Epochs(db)
    epochs.end("mine")
    assert (epochs.has_ended_since("mine", 0), epochs.has_ended_since("other", 0)) == (True, False)
    begun = epochs.count
    assert not epochs.has_ended_since("mine", begun)
    epochs.end()
    assert (epochs.has_ended_since("mine", begun), epochs.has_ended_since("x", begun)) == (
        True,
        True,
    )


def test_late_calls_are_counted_until_they_are_taken(db: StateDB) -> None:
    epochs, late = Epochs(db), LateCall("p", "f", "GET /v1/users")
    other = LateCall("q", "", "POST /v1/users")
    for call in (late, late, other):
        epochs.note_late(call)
    assert epochs.take_late("p") == {late: 2}
    assert epochs.take_late("p") == {}
    assert epochs.take_late() == {other: 1}


def test_of_many_late_calls_only_some_are_remembered(db: StateDB) -> None:
    epochs = Epochs(db)
    for number in range(500):
        epochs.note_late(LateCall("p", "f", f"GET /v1/users/{number}"))
    assert len(epochs.take_late()) == 100
