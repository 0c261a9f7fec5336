"""How the emulator stands: what it is, what it holds, what it does now."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anyio import to_thread

from .. import __version__
from ..execution.executor import Executor
from ..sandbox import Report
from .control import Control
from .deployments import Deployments
from .executions import Executions
from .functions import Functions
from .ground import Ground


@dataclass(frozen=True, slots=True)
class About:
    """What does not change while an emulator runs."""

    project: str
    state_file: Path | None  # None: in memory
    sandbox: Report
    began: float = field(default_factory=time.monotonic)


class Status:
    """Collects the facts; nothing is kept."""

    def __init__(
        self,
        ground: Ground,
        about: About,
        rows: tuple[Functions, Deployments, Executions],
        executor: Executor,
        control: Control,
    ) -> None:
        self._ground = ground
        self._about = about
        self._functions, self._deployments, self._executions = rows
        self._executor = executor
        self._control = control

    async def to_json(self) -> dict[str, Any]:
        """The present moment, for programs."""
        ground, about = self._ground, self._about
        sandbox = await to_thread.run_sync(about.sandbox.to_json)
        return {
            "version": __version__,
            "appwrite": ground.config.appwrite,
            "endpoint": ground.endpoint,
            "project": about.project,
            "pid": os.getpid(),
            "uptime": round(time.monotonic() - about.began, 3),
            "functions": len(self._functions),
            "deployments": self._deployments.count_by_status(),
            "executions": self._executions.count_by_status(),
            "workers": self._executor.stats(),
            "pending": [work.to_json() for work in ground.under_way.of()],
            "snapshots": [snapshot.to_json() for snapshot in self._control.snapshots()],
            "sandbox": sandbox,
            "state": {
                "file": str(about.state_file) if about.state_file else None,
                "size": sum(_sizes(about.state_file)) if about.state_file else 0,
                "epoch": ground.epochs.of(),
            },
        }


def _sizes(state: Path) -> Iterator[int]:
    """Bytes of the state file and of its journals, as far as they are there."""
    for suffix in ("", ".journal", ".journal.1"):
        with suppress(FileNotFoundError):
            yield state.with_name(state.name + suffix).stat().st_size
