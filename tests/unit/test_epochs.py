"""Epochs: what may still write after a restore or a reset."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appwrite_emulator.services.epochs import Epochs
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
