"""Appwrite's Functions service as one light local process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client.execution import Execution
    from .client.handle import Appwrite
    from .client.isolation import isolated
    from .clock import ManualClock
    from .config import Config, ConfigError, Key, Repository, Webhook
    from .emulator import Emulator

__version__ = "0.1.0"
__all__ = [
    "Appwrite", "Config", "ConfigError", "Emulator", "Execution", "Key", "ManualClock",
    "Repository", "Webhook", "isolated",
]  # fmt: skip

_HOMES = {
    "Appwrite": "client.handle",
    "Config": "config",
    "ConfigError": "config",
    "Emulator": "emulator",
    "Execution": "client.execution",
    "Key": "config",
    "ManualClock": "clock",
    "Repository": "config",
    "Webhook": "config",
    "isolated": "client.isolation",
}


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: the pytest plugin must cost nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{_HOMES[name]}", fromlist=[name])
    return getattr(module, name)
