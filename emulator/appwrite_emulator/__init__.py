"""Appwrite's Functions service as one light local process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clock import ManualClock
    from .config import Config, ConfigError, Key, Repository, Webhook
    from .emulator import Emulator

__version__ = "0.1.0"
__all__ = ["Config", "ConfigError", "Emulator", "Key", "ManualClock", "Repository", "Webhook"]

_HOMES = {
    "Config": "config",
    "ConfigError": "config",
    "Emulator": "emulator",
    "Key": "config",
    "ManualClock": "clock",
    "Repository": "config",
    "Webhook": "config",
}


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: the pytest plugin must cost nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_HOMES[name]}", fromlist=[name])
    return getattr(module, name)
