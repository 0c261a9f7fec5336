"""The refusal of what cannot be a stub."""

from __future__ import annotations


class StubRefused(ValueError):
    """A stub cannot be declared like this; the message says what is wrong where."""
