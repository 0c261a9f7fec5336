"""Terms: what a test wants of the emulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .handle import Appwrite

Seed = Callable[["Appwrite"], object]
"""Makes what a test finds: called once, its rows are put back for every test with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How one test begins, and what it may do."""

    functions: tuple[Path, ...] = ()  # deployed on top of what is there
    seed: Seed | Path | None = None
    clock: datetime | str | None = None  # where the clock stands still; None: it runs
    strict: bool = True  # functions that fail unexpectedly fail the test
    fresh: bool = False  # no function keeps a process from before
    timeout: float = 30.0  # seconds that waiting may take
    name: str = ""  # of the test
