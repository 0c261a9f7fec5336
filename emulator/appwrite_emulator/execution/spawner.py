"""Starting commands in the sandbox, through a helper process that ends whole trees."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Self

import anyio

from ..sandbox import Command, Sandbox
from .failures import SpawnFailed
from .helper import Child, Helper, start_helper


class Spawner:
    """Starts commands through a helper process, which is replaced when it ends or hangs.

    An async context manager. Leaving it ends every process started through it. Nothing of our own
    process changes: no signal handlers, no forks without exec, no limits. `patience` is how many
    seconds the helper may take to start a command or to end one.
    """

    def __init__(self, sandbox: Sandbox, *, patience: float = 10.0) -> None:
        self.sandbox = sandbox
        self._patience = patience
        self._helper: Helper | None = None
        self._count = 0

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        helper, self._helper = self._helper, None
        if helper is not None:
            helper.close()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(helper.reap)

    @property
    def pid(self) -> int | None:
        """Process id of the helper, None while there is none."""
        return self._helper.process.pid if self._helper is not None else None

    async def spawn(
        self, command: Command, fds: Mapping[int, int], *, watch: bool = False
    ) -> Child:
        """Start `command` with our descriptors `fds.values()` at the numbers `fds.keys()`.

        The caller closes its own copies afterwards. 0, 1 and 2 are /dev/null unless given. `watch`
        holds it to its limits from the first moment; otherwise `Child.watch` begins that.
        Raises SpawnFailed, whose text names the program and the cause.
        """
        helper = await self._open()
        try:
            confined = self.sandbox.confine(command)
        except OSError as exc:
            raise SpawnFailed(f"{command.argv[0]}: no home folder: {exc}") from exc
        self._count += 1
        request = self._request(confined, list(fds), watch=watch)
        return await helper.spawn(request, list(fds.values()))

    def _request(self, command: Command, numbers: list[int], *, watch: bool) -> dict[str, Any]:
        memory = sys.maxsize if command.limits.memory is None else command.limits.memory
        return {
            "watch": memory if watch and self._can_watch else None,
            "op": "spawn",
            "id": self._count,
            "argv": command.argv,
            "env": dict(command.env),
            "cwd": command.cwd,
            "limits": asdict(command.limits),
            "owner": self.sandbox.owner,
            "fds": numbers,
        }

    async def _open(self) -> Helper:
        helper = self._helper
        if helper is None or not helper.is_open:
            try:
                old, helper = helper, self._start()
            except OSError as exc:
                raise SpawnFailed(f"the helper process cannot be started: {exc}") from exc
            self._helper = helper
            if old is not None:
                await anyio.to_thread.run_sync(old.reap)
        await helper.ready()
        return helper

    def _start(self) -> Helper:
        return start_helper(patience=self._patience, can_watch=self._can_watch)

    @property
    def _can_watch(self) -> bool:
        return self.sandbox.report.memory == "watcher"
