"""The live view: what an emulator does, as people at a terminal follow it."""

from __future__ import annotations
