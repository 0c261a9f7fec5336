"""Watching: telling when something in folders and files of a developer may have changed."""

from __future__ import annotations

from .scope import Scope
from .watcher import Watcher

__all__ = ["Scope", "Watcher"]
