"""Composition: the one place that builds every part and connects them."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import anyio
from anyio import to_thread

from .assets import assets
from .builder import Builder, Keeping, Tools
from .catalog import Catalog
from .clock import Clock
from .config import Config, own_environment
from .execution.executor import Executor
from .execution.pool import Sizes
from .execution.probing import output_of
from .execution.spawner import Spawner
from .files import Files
from .http import api
from .http.app import Api
from .passing import passing_folder
from .repositories import Repositories
from .sandbox import Sandbox, choose
from .services import Services
from .services.epochs import Epochs
from .services.events import Events
from .services.ground import Ground
from .services.live_logs import NOTE, LiveLogs
from .services.secret import signing_secret
from .services.status import About
from .services.under_way import UnderWay, Work, WorkKind
from .services.webhooks import refuse_unknown
from .state import StateDB
from .timers import Timers
from .watch import Watcher

logger = logging.getLogger(__name__)


class Site(NamedTuple):
    """Where an emulator is: at which address, over which state, in which time."""

    url: str
    project: str  # its own
    state_file: Path | None  # None: in memory
    clock: Clock
    stop: Callable[[], None] | None = None  # ends the program it is in, when a client asks for it


class Parts(NamedTuple):
    """What an emulator consists of, for whoever serves it."""

    services: Services
    sandbox: Sandbox
    api: Api


@asynccontextmanager
async def composed(
    config: Config, site: Site, *, is_calm: Callable[[], bool]
) -> AsyncIterator[Parts]:
    """Every part, connected and running, until the end of the block; taken down in reverse.

    `is_calm` is asked while a call begins: whether the loop has nothing else to do.
    """
    refuse_unknown(config.webhooks)
    async with AsyncExitStack() as stack:
        state, files, sandbox, workspace = await _kept(stack, config, site)
        homes = workspace / "homes"
        await to_thread.run_sync(_remove, homes)  # what a killed process left behind
        spawner = await stack.enter_async_context(Spawner(sandbox))
        executor = await stack.enter_async_context(
            Executor(spawner, homes, sizes=Sizes(total=config.workers), is_calm=is_calm)
        )
        runtimes = (assets("runtimes"), *config.runtimes)
        catalog = Catalog([sandbox.lend(folder, workspace) for folder in runtimes])
        keeping = await to_thread.run_sync(_keeping, config.build_cache)
        builder = _builder(spawner, (sandbox, workspace), catalog, site.clock, keeping)
        group = await stack.enter_async_context(anyio.create_task_group())
        stack.callback(group.cancel_scope.cancel)
        ground = Ground(
            config=config,
            state=state,
            epochs=Epochs(state),
            under_way=UnderWay(),
            live_logs=LiveLogs(site.clock),
            events=Events(),
            files=files,
            clock=site.clock,
            timers=Timers(site.clock),
            catalog=catalog,
            repositories=Repositories(config.repositories, own_environment().get("PATH", "")),
            probe=partial(output_of, spawner, homes / "probe"),
            lend=_lending(sandbox, workspace),
            endpoint=f"{site.url}/v1",
            secret=signing_secret(state),
            start=group.start_soon,
        )
        about = About(site.project, site.state_file, sandbox.report)
        watcher = await stack.enter_async_context(Watcher(partial(_note, ground, about)))
        services = Services.over(ground, watcher, executor, builder, about)
        stack.callback(services.executions.close)
        await services.tidy()
        hosts = frozenset({urlsplit(site.url).hostname or ""})
        app = api.build(services, files.uploads, hosts, site.stop)
        services.begin()
        group.start_soon(ground.timers.serve, name="timers")
        yield Parts(services, sandbox, app)


async def _kept(
    stack: AsyncExitStack, config: Config, site: Site
) -> tuple[StateDB, Files, Sandbox, Path]:
    """Rows and files, and the sandbox with the folder that its processes reach."""
    data = stack.enter_context(_data_folder(site.state_file))
    state = StateDB.open(site.state_file, address=site.url)
    stack.callback(state.close)
    sandbox = await to_thread.run_sync(choose, config.sandbox)
    workspace = sandbox.workspace(data)
    if site.state_file is None and workspace != data:
        stack.callback(_remove, workspace)
    files = Files(data, workspace / "builds")
    files.start()
    return state, files, sandbox, workspace


def _keeping(folder: Path | None) -> Keeping | None:
    """Where builds are kept, if they are. Blocking. Raises ConfigError."""
    if folder is None:
        return None
    keeping = Keeping(folder.absolute())
    keeping.start()
    return keeping


def _builder(
    spawner: Spawner,
    place: tuple[Sandbox, Path],
    catalog: Catalog,
    clock: Clock,
    keeping: Keeping | None,
) -> Builder:
    sandbox, workspace = place
    return Builder(
        spawner,
        sandbox,
        homes=workspace / "homes",
        caches=workspace / "caches",
        environ=own_environment(),
        tools=Tools.of(catalog.families),
        now=clock.now,
        keeping=keeping,
    )


def _lending(sandbox: Sandbox, workspace: Path) -> Callable[[Path], Path]:
    """Lends a folder to functions, once: copies may be in use. From any thread."""
    lock, lent = threading.Lock(), dict[Path, Path]()

    def lend(folder: Path) -> Path:
        with lock:
            if folder not in lent:
                lent[folder] = sandbox.lend(folder, workspace)
            return lent[folder]

    return lend


def _note(ground: Ground, about: About, text: str) -> None:
    """Tell what the developer should know of how folders are watched."""
    logger.info("%s", text, extra={"action": "watch"})
    work = Work(WorkKind.PROJECT, about.project, "", "")
    ground.live_logs.happens(work, NOTE, lambda: (text, {"about": "watching"}))


@contextmanager
def _data_folder(state_file: Path | None) -> Iterator[Path]:
    """The folder for files beside the state; a passing one when the state is in memory."""
    if state_file is not None:
        yield state_file.parent
        return
    with passing_folder() as folder:
        yield folder


def _remove(folder: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(folder, ignore_errors=True)
