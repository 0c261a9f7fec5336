"""Appwrite's Functions service as one light local process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .client.api import Refused
    from .client.execution import Execution
    from .client.expecting import ExpectationFailed
    from .client.handle import Appwrite
    from .client.isolation import isolated
    from .client.judge import FunctionFailed
    from .client.stubs import StubsFailed
    from .clock import ManualClock
    from .config import Config, ConfigError, Key, Repository, Webhook
    from .emulator import Emulator
    from .services.stubs import Exactly, StubCall, StubRefused, StubReply

__version__ = "0.1.0"
__all__ = [
    "Appwrite", "Config", "ConfigError", "Emulator", "Exactly", "Execution", "ExpectationFailed",
    "FunctionFailed", "Key", "ManualClock", "Refused", "Repository", "StubCall", "StubRefused",
    "StubReply", "StubsFailed", "Webhook", "isolated",
]  # fmt: skip

_HOMES = {
    "Appwrite": "client.handle",
    "Config": "config",
    "ConfigError": "config",
    "Emulator": "emulator",
    "Exactly": "services.stubs",
    "Execution": "client.execution",
    "ExpectationFailed": "client.expecting",
    "FunctionFailed": "client.judge",
    "Key": "config",
    "ManualClock": "clock",
    "Refused": "client.api",
    "Repository": "config",
    "StubCall": "services.stubs",
    "StubRefused": "services.stubs",
    "StubReply": "services.stubs",
    "StubsFailed": "client.stubs",
    "Webhook": "config",
    "isolated": "client.isolation",
}


def __getattr__(name: str) -> object:
    """Import the public names when they are first used: the pytest plugin must cost nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .garbage import without_garbage_collection

    with without_garbage_collection():
        module = __import__(f"{__name__}.{_HOMES[name]}", fromlist=[name])
    return getattr(module, name)
