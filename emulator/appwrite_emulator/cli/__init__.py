"""The command `appwrite-emulator`: a client of the emulator that prints and obeys signals."""

from __future__ import annotations

from .commands import main

__all__ = ["main"]
