"""The rows of the emulator, kept in one JSON file through TinyDB."""

from __future__ import annotations

from .db import StateDB
from .errors import EpochPassed, StateCorrupt, StateError, StateLocked, StateWriteFailed
from .lock import Owner, read_owner
from .snapshot import Snapshot
from .table import Rows, StateTable

__all__ = [
    "EpochPassed",
    "Owner",
    "Rows",
    "Snapshot",
    "StateCorrupt",
    "StateDB",
    "StateError",
    "StateLocked",
    "StateTable",
    "StateWriteFailed",
    "read_owner",
]
