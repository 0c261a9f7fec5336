"""Probing without an emulator: what a program says when it is run as functions are run."""

from __future__ import annotations

from collections.abc import Sequence

import anyio

from .command import Sandbox

_PATIENCE = 3.0  # seconds that a program gets to say its version


class Prober:
    """Runs programs as functions are run: as their user, in a clean environment."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._owner = sandbox.owner
        self._said: dict[tuple[str, ...], str | None] = {}

    async def __call__(self, command: Sequence[str]) -> str | None:
        key = tuple(command)
        if key not in self._said:
            self._said[key] = await self._run(key)
        return self._said[key]

    async def _run(self, command: tuple[str, ...]) -> str | None:
        user, group = self._owner or (None, None)
        with anyio.move_on_after(_PATIENCE):
            try:
                done = await anyio.run_process(
                    command,
                    check=False,
                    cwd="/",
                    env={"LANG": "C.UTF-8"},
                    user=user,
                    group=group,
                    extra_groups=None if user is None else [],
                )
            except OSError:
                return None
            text = (done.stdout + done.stderr).decode("utf-8", "replace")
            return text if done.returncode == 0 else None
        return None
