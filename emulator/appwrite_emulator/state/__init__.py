"""The rows of the emulator, kept in one JSON file through TinyDB."""

from __future__ import annotations

from .db import StateDB
from .errors import EpochPassed, StateCorrupt, StateError, StateLocked, StateWriteFailed
from .lock import Owner, read_owner
from .look import holder
from .rescue import HeldState, hold
from .salvage import Dropped, Salvaged
from .snapshot import Snapshot
from .table import Rows, StateTable

__all__ = [
    "Dropped",
    "EpochPassed",
    "HeldState",
    "Owner",
    "Rows",
    "Salvaged",
    "Snapshot",
    "StateCorrupt",
    "StateDB",
    "StateError",
    "StateLocked",
    "StateTable",
    "StateWriteFailed",
    "hold",
    "holder",
    "read_owner",
]
