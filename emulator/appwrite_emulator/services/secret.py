"""The secret that signs keys: made once, kept with the state, so that keys outlive a restart."""

from __future__ import annotations

import secrets

from ..state import StateDB

_ID = "emulator/signing"


def signing_secret(state: StateDB) -> bytes:
    """The state's own secret; a new one in a new state."""
    table = state.table("settings")
    row = table.row(_ID)
    if row is None:
        table.put(_ID, {"value": secrets.token_hex(32)})
        row = table.row(_ID)
    assert row is not None, "it was just put there"
    return bytes.fromhex(row["value"])
