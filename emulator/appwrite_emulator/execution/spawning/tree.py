"""One command with its keeper, as the helper sees it."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from typing import Any

from . import trees


class Tree:
    """One command with its keeper, as the helper sees it."""

    def __init__(self, request: dict[str, Any], keeper: int, report: int) -> None:
        self.id: int = request["id"]
        self.processes: int | None = request["limits"]["processes"]
        self.owner: list[int] | None = request["owner"]
        self.keeper = keeper
        self.report = report
        self.memory: int | None = None
        self.leader = 0
        self.text = b""
        self.reason = ""
        self.detail = ""
        self.is_over = False

    def stop(self, reason: str = "", detail: str = "") -> None:
        if not self.reason:
            self.reason, self.detail = reason, detail
        for number in (signal.SIGTERM, signal.SIGCONT):  # user code may have stopped it
            with suppress(OSError):
                os.kill(self.keeper, number)

    def look(self) -> None:
        """Stop the tree when it holds too much memory or too many tasks."""
        if self.reason:
            return
        pids = trees.descendants(self.keeper)
        tasks = sum(map(trees.tasks_of, pids)) if self.processes is not None else 0
        if self.processes is not None and tasks > self.processes:
            trees.freeze(self.keeper)  # at once: thousands could come before the keeper is awake
            self.stop("processes", f"{tasks} processes and threads, limit {self.processes}")
        if self.memory is not None and sum(map(trees.resident, pids)) > self.memory:
            peak = sum(map(trees.proportional, pids))  # forked pages count once now
            if peak > self.memory:
                self.stop("memory", f"limit {self.memory >> 20} MB, peak {peak >> 20} MB")
