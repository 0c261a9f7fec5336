"""What every service stands on: rows, files, time, the catalog and the options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..catalog import Catalog, Probe
from ..clock import Clock, stamp
from ..config import Config
from ..files import Files
from ..repositories import Repositories
from ..state import StateDB
from ..timers import Timers
from .epochs import Epochs
from .events import Events
from .live_logs import LiveLogs
from .under_way import UnderWay


@dataclass(frozen=True, slots=True)
class Ground:
    """The parts that all services share; `emulator` builds it once."""

    config: Config
    state: StateDB
    epochs: Epochs
    under_way: UnderWay
    live_logs: LiveLogs
    events: Events
    files: Files
    clock: Clock
    timers: Timers
    catalog: Catalog
    repositories: Repositories
    probe: Probe  # runs a command as functions are run, to see whether an interpreter works
    lend: Callable[[Path], Path]  # a folder, or its copy where functions cannot reach it; blocking
    endpoint: str  # the URL functions call back, ends in /v1
    secret: bytes  # signs the keys given to functions
    start: Callable[..., Any]  # starts a coroutine function beside everything else

    def now(self) -> str:
        """The present moment as rows hold it."""
        return stamp(self.clock.now())
