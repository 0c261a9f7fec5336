"""`start`: serve a folder's functions until told to stop."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from signal import Signals

import anyio
import click

from ..addresses import is_loopback
from ..client.workspace import Workspace
from ..config import own_environment
from ..emulator import Emulator
from ..services.live_logs import Wanted
from . import signals
from .live.feed import Heard
from .live.opening import ForPeople, ForPrograms, Opening
from .live.places import Places
from .live.screen import Screen
from .live.show import show, show_json
from .live.telling import Telling
from .live.terminal import Terminal
from .live.view import View

logger = logging.getLogger(__name__)


class _Stop:
    """The first signal ends the work and the emulator finishes in peace; the second hurries it.

    After the second the signals are anybody's: a third one kills.
    """

    def __init__(self) -> None:
        self.work = anyio.CancelScope()
        self.peace = anyio.CancelScope()
        self.signal: Signals | None = None  # the one that hurried

    def ask(self, signal: Signals) -> None:
        if not self.work.cancel_called:
            self.work.cancel()
            return
        self.signal = signal
        signals.release()
        self.peace.cancel()


async def start(workspace: Workspace, *, as_json: bool = False) -> int:
    """Serve until a signal asks for the end; returns the exit code."""
    stop = _Stop()
    terminal = Terminal() if as_json else Terminal.of(sys.stdout, own_environment())
    with (
        signals.caught(stop.ask),
        stop.peace,
        Screen(sys.stdout, is_live=terminal.is_live) as screen,
        _logged_on(screen, terminal),
    ):
        async with Emulator(
            workspace.config,
            directory=workspace.directory,
            on_stop=partial(stop.ask, Signals.SIGTERM),
        ) as emulator:
            serving = _Serving(workspace, emulator, screen, terminal)
            with stop.work:
                await serving.serve(as_json=as_json)
            serving.opening(as_json=as_json).stopping()
    return 128 + stop.signal if stop.signal else 0


class _Serving:
    """Deploys, and then tells what happens."""

    def __init__(
        self, workspace: Workspace, emulator: Emulator, screen: Screen, terminal: Terminal
    ) -> None:
        self._workspace = workspace
        self._emulator = emulator
        self._screen = screen
        self._terminal = terminal

    def opening(self, *, as_json: bool) -> Opening:
        if as_json:
            return ForPrograms(self._workspace, self._emulator, self._screen)
        return ForPeople(self._workspace, self._emulator, self._screen, self._terminal)

    async def serve(self, *, as_json: bool) -> None:
        opening = self.opening(as_json=as_json)
        if not is_loopback(self._workspace.config.host):
            click.secho(self._exposed(), fg="red", bold=True, err=True)
        opening.begin()
        async with self._watched(as_json=as_json):
            await self._deploy(opening)
        gc.collect()
        gc.freeze()  # what lives now lives to the end: keep collections short
        with self._emulator.services.ground.live_logs.listening(Wanted(activity=True)) as listener:
            opening.ready()
            feed = Heard(listener)
            try:
                await (show_json(feed, self._screen) if as_json else self._show(feed))
            except Exception:  # of the view: the emulator goes on
                logger.exception("nothing more can be shown here; the functions go on answering")
        await anyio.sleep_forever()

    async def _deploy(self, opening: Opening) -> None:
        services, project = self._emulator.services, self._emulator.project
        applied = await self._workspace.serve(self._emulator, opening.progress)
        opening.deployed(applied, services.standings.all(project))
        inspections = await services.attendance.begin(project)
        opening.inspected(inspections, [*services.attendance.strangers(project)])

    @asynccontextmanager
    async def _watched(self, *, as_json: bool) -> AsyncIterator[None]:
        """Show what is under way inside the block, unless it is told of otherwise."""
        if as_json or not self._terminal.is_live:
            yield
            return
        live_logs = self._emulator.services.ground.live_logs
        with live_logs.listening(Wanted(activity=True)) as listener:
            async with anyio.create_task_group() as group:
                group.start_soon(partial(self._show, Heard(listener), is_calm=True), name="view")
                yield
                group.cancel_scope.cancel()

    async def _show(self, feed: Heard, *, is_calm: bool = False) -> None:
        paint, project = self._terminal.paint(), self._emulator.project
        builds = self._emulator.services.standings.builds
        telling = Telling(paint, project)
        telling.make_room(*(entry.id for entry in self._workspace.entries))
        places = Places(builds, self._folder, Path.cwd(), paint)
        view = View(paint, places, telling, is_plain=not self._terminal.is_live)
        view.is_calm = is_calm
        await show(feed, view, self._screen)

    def _folder(self, project: str, function_id: str) -> Path | None:
        """Where the developer has a function's code."""
        if following := self._emulator.services.standings.following(project, function_id):
            return following.folder
        if project != self._emulator.project:
            return None
        entries = self._workspace.entries
        return next((each.folder.absolute() for each in entries if each.id == function_id), None)

    def _exposed(self) -> str:
        return (
            f"WARNING: listening on {self._workspace.config.host}: other machines can reach this "
            "emulator. Whoever has a key can run code here; only the declared keys are accepted."
        )


@contextmanager
def _logged_on(screen: Screen, terminal: Terminal) -> Iterator[None]:
    """Let log messages for this terminal go through the screen, which knows where it writes."""
    handlers = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr
    ]
    if not (terminal.is_live and sys.stderr.isatty()):
        handlers = []
    for handler in handlers:
        handler.setStream(screen)
    try:
        yield
    finally:
        for handler in handlers:
            handler.setStream(sys.stderr)
