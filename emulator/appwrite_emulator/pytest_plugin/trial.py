"""The trial: what the plugin knows of one test that uses the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import logging

    from ..client.handle import Appwrite
    from ..emulator import Emulator


@dataclass(slots=True)
class Trial:
    """One test from its set-up to its teardown."""

    emulator: Emulator
    appwrite: Appwrite
    verdict: AssertionError | None = None  # what functions did wrong, when the test itself did not
    records: list[logging.LogRecord] = field(default_factory=list)  # that nobody else shows
    leftovers: tuple[str, ...] = ()  # sentences


TRIAL = pytest.StashKey[Trial]()
"""Where an item keeps its trial."""


def trial_of(item: pytest.Item) -> Trial | None:
    """The trial of the test, if it uses the emulator."""
    return item.stash.get(TRIAL, None)
