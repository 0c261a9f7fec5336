"""The emulator: builds every part, serves them over HTTP, and takes them down in reverse."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from . import addresses, network
from .clock import Clock, SystemClock, parse_moment
from .composition import Site, composed
from .config import Config
from .http.app import Api
from .http.request import Receive, Scope, Send
from .models import Execution
from .sandbox import Sandbox
from .services import Services
from .services.calendar import Journey
from .services.control import SETTLE_TIMEOUT, Control, Snapshot
from .services.injection import Fired
from .services.leftovers import Leftovers
from .services.projects import Applied, checked
from .services.retention import Removed
from .services.under_way import Work

DEFAULT_PROJECT = "demo"
T = TypeVar("T")


class Emulator:
    """Appwrite's Functions service in this process.

    As a context manager it runs in a thread of its own, as an async one in the running loop; both
    serve HTTP at `endpoint`. `asgi(url)` is an application for a server of yours instead. Options
    are those of `Config`; without `directory` and `state` the state is in memory. The time is the
    machine's until it is moved, or that of `clock`. `on_stop` is called in its loop when a client
    asks that it stop, which is refused without.

        with Emulator(port=0) as emulator:
            client = Client().set_endpoint(emulator.endpoint).set_project(emulator.project)

    Entering raises ConfigError for options that cannot work, StateError for a state file that is
    damaged or in use, SandboxMissing when a required sandbox cannot be had.
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        directory: Path | str | None = None,
        clock: Clock | None = None,
        on_stop: Callable[[], None] | None = None,
        **options: Any,
    ) -> None:
        assert config is None or not options, "give a Config or options, not both"
        self.config = config or Config(**options)
        self.directory = Path(directory).absolute() if directory is not None else None
        self.clock = clock or SystemClock()
        self._on_stop = on_stop
        self.endpoint = ""  # ends in /v1; known while it runs
        self.project = self.config.project or DEFAULT_PROJECT
        self.key = self.config.keys[0].secret if self.config.keys else "local"
        self._services: Services | None = None
        self._sandbox: Sandbox | None = None
        self._server: network.Server | None = None
        self._own_loop = AsyncExitStack()
        self._thread = ExitStack()
        self._portal: BlockingPortal | None = None

    @property
    def services(self) -> Services:
        """What the API does, for callers in the emulator's own loop."""
        assert self._services is not None, "the emulator is not running"
        return self._services

    @property
    def is_in_thread(self) -> bool:
        """Whether it runs in a thread of its own now, where `in_loop` reaches it."""
        return self._portal is not None

    @property
    def sandbox(self) -> Sandbox:
        """How functions are confined."""
        assert self._sandbox is not None, "the emulator is not running"
        return self._sandbox

    @property
    def control(self) -> Control:
        """What only an emulator can do, for callers in its own loop; in other threads call
        `settle`, `snapshot`, `restore`, `reset`, `maintain` and `forget` of the emulator itself."""
        return self.services.control

    @overload
    def in_loop(self, act: Callable[..., Awaitable[T]], *args: Any) -> T: ...

    @overload
    def in_loop(self, act: Callable[..., T], *args: Any) -> T: ...

    def in_loop(self, act: Callable[..., Any], *args: Any) -> Any:
        """Call a function or a coroutine function in the emulator's own loop, and wait for what it
        returns or raises: the way to `services` from other threads."""
        return self._in_thread.call(act, *args)

    def deploy(self, path: Path | str, **changes: Any) -> list[Applied]:
        """Deploy what lies at `path`, and wait until it is ready: a project with or without
        `appwrite.config.json`, a folder whose subfolders are functions, or one function.

        `changes` are settings of that one: `id`, `name`, `runtime`, `entrypoint`, `commands`,
        `execute`, `events`, `schedule`, `timeout`, `enabled`, `logging`, `scopes`, `variables`,
        `ignore`, `specification`. Deploying a folder again changes only what differs. Raises
        DeployFailed, which names each function that has failed and why, NothingThere, EntryRefused
        for changes that cannot be made, ProjectFileError. In an event loop of yours it is
        `emulator.services.projects.deploy`.
        """
        act = partial(self.services.projects.deploy, self.project, Path(path).absolute(), **changes)
        return checked(self._in_thread.call(act))

    def settle(self, timeout: float = SETTLE_TIMEOUT) -> list[Work]:
        """Wait until no build and no execution is pending; what was waited for.

        Raises NotSettled, a TimeoutError that names what is pending after `timeout` seconds.
        """
        return self._in_thread.call(self.control.settle, timeout)

    def snapshot(self) -> Snapshot:
        """Remember all rows, of all projects, until `forget`."""
        return self._in_thread.call(self.control.snapshot)

    def restore(self, snapshot: Snapshot, *, fresh: bool = False) -> Leftovers:
        """Put back the rows of `snapshot`. What is under way is ended; its writes are refused.

        Processes of functions stay, without the files that their calls have left; one that goes on
        after its answers is replaced, and with `fresh` all are. What is returned tells what there
        was: `lines()` in sentences.
        """
        restore = partial(self.control.restore, fresh=fresh)
        return self._in_thread.call(restore, snapshot.id)

    def reset(self, project: str = "") -> Leftovers:
        """Remove all rows of all projects, or of one, as `restore` does."""
        return self._in_thread.call(self.control.reset, project)

    def maintain(self) -> Removed:
        """Remove what has outlived its retention, as happens once a day; how much it was."""
        return self._in_thread.call(self.control.maintain)

    def fire(
        self,
        name: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user: str = "",
        project: str = "",
    ) -> Fired:
        """Make up an event: functions that listen to it are called, as are all others who listen.

        `name` is its full name with ids, such as `users.ann.update.email` or
        `databases.main.collections.posts.documents.1.create`, of any service of Appwrite, emulated
        or not. `payload` is any JSON object; `user` is the id of who did it, who need not exist;
        without `project` it happens in the emulator's own. What is returned has the `names` under
        which it went out and the `executions` that it has begun: `settle` waits for their end.
        Raises EventRefused, a ValueError that says what is wrong where. In an event loop of yours
        it is a method of `emulator.services.injection`.
        """
        fire = partial(self.services.injection.fire, user=user, project=project)
        return self._in_thread.call(fire, name, payload)

    def trigger_schedule(self, function_id: str, *, project: str = "") -> Execution:
        """Run a function that has a schedule as its schedule does, now, whatever the time is.

        Without `project` it is one of the emulator's own. The execution that is returned waits:
        `settle` returns when it has ended. Raises ScheduleUnknown, a LookupError, when there is no
        such function or it has no schedule. In an event loop of yours it is
        `emulator.services.schedules.trigger`.
        """
        return self._in_thread.call(self.services.schedules.trigger, function_id, project)

    def advance(
        self,
        *,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
        timeout: float = SETTLE_TIMEOUT,
    ) -> Journey:
        """Let so much time pass: what is due happens in order, each thing when the one before has
        ended, and the clock stands still while anything runs.

        Raises Stopped, a NotSettled, when something has not ended `timeout` seconds after it was
        due; the clock stays where it came to. Raises ValueError for a step back and beyond the
        year 9000, ClockFixed when a `clock` was given that cannot be moved.
        """
        try:
            step = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
        except OverflowError:
            step = timedelta.max
        return self._in_thread.call(self.services.calendar.advance, step, timeout)

    def set_time(self, moment: datetime | str, *, timeout: float = SETTLE_TIMEOUT) -> Journey:
        """Set the clock, forward or back; texts are ISO 8601, and UTC without an offset.

        What has become due happens once; runs of schedules in between are left out. Raises what
        `advance` raises.
        """
        return self._in_thread.call(self.services.calendar.set, parse_moment(moment), timeout)

    def freeze(self, moment: datetime | str | None = None) -> None:
        """Let the clock stand still, at `moment` if given, until `resume`; `advance` and
        `set_time` move it all the same. Raises what `set_time` raises."""
        at = None if moment is None else parse_moment(moment)
        self._in_thread.call(self.services.calendar.freeze, at)

    def resume(self) -> None:
        """Let the clock run on from where it stands. Raises ClockFixed."""
        self._in_thread.call(self.services.calendar.resume)

    def forget(self, snapshot: Snapshot) -> None:
        """Delete `snapshot`, and the builds that only it needs."""
        self._in_thread.call(self.control.forget, snapshot.id)

    @property
    def _in_thread(self) -> BlockingPortal:
        assert self._portal is not None, (
            "the emulator is not running in a thread: call this within `with Emulator(...)`; in an "
            "event loop of yours await the methods of emulator.control and emulator.services"
        )
        return self._portal

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            uvloop = importlib.util.find_spec("uvloop") is not None
            portal = stack.enter_context(
                start_blocking_portal("asyncio", backend_options={"use_uvloop": uvloop})
            )
            stack.enter_context(portal.wrap_async_context_manager(self))
            self._portal = portal
            self._thread = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._portal = None
        self._thread.close()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            sockets = network.bind(self.config.host, self.config.port)
            for each in sockets:
                stack.callback(each.close)
            url = addresses.url(self.config.host, sockets[0].getsockname()[1])
            app = await stack.enter_async_context(self._composed(url))
            self._server = server = network.Server(app)
            group = await stack.enter_async_context(anyio.create_task_group())
            stack.callback(server.stop)
            stack.callback(self.services.ground.live_logs.close)  # or its readers hold the server
            stack.callback(self.services.realtime.close)
            stack.callback(self.services.stubs.close)
            group.start_soon(server.serve, sockets, name="http")
            await server.answers.wait()
            self._own_loop = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._own_loop.aclose()

    def asgi(self, url: str) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
        """The emulator as an ASGI application that runs during the server's lifespan.

        `url` is where the server will be reached, such as `http://127.0.0.1:8000`: functions call
        the API back there, and its host name is answered to.
        """
        running: list[Api] = []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                await self._live(url, running, receive, send)
            else:
                await running[0](scope, receive, send)

        return app

    async def _live(self, url: str, running: list[Api], receive: Receive, send: Send) -> None:
        await receive()
        async with self._composed(url.rstrip("/")) as app:
            running.append(app)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            running.clear()
        await send({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _composed(self, url: str) -> AsyncIterator[Api]:
        """Every part, connected and running, behind the API that is told it lies at `url`."""
        self.endpoint = f"{url}/v1"
        site = Site(url, self.project, self._state_file(), self.clock, self._on_stop)
        async with composed(self.config, site, is_calm=self._is_calm) as parts:
            self._services, self._sandbox = parts.services, parts.sandbox
            yield parts.api

    def _is_calm(self) -> bool:
        """Whether our server has one request only; behind another server that is not known."""
        if self._server is None:
            return False
        listening = self.services.ground.live_logs.requests + len(self.services.realtime)
        return self._server.answering - listening <= 1

    def _state_file(self) -> Path | None:
        """Absolute, because functions run elsewhere and are told folders beside it."""
        if self.config.state is not None:
            return self.config.state.absolute()
        if self.config.memory or self.directory is None:
            return None
        return self.config.state_in(self.directory)
