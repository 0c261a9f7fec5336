"""One build: unpack the source, run the commands, leave a sealed folder and a log."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import anyio
from anyio import from_thread, to_thread

from ..archive import ArchiveBroken, ArchiveRefused, unpack
from ..errors import Era
from ..execution import process
from ..execution.exits import Exit
from ..execution.failures import SpawnFailed
from ..execution.spawner import Spawner
from ..sandbox import Command, Limits, Sandbox
from . import folders, inputs, settings
from .keeping import Keeping
from .log import BuildLog, Moment
from .request import BuildOutput, BuildRequest
from .reuse import Reuse, WaitedTooLong

Run = Callable[..., Awaitable[Exit]]
"""Runs one command to its end, as `execution.process.run` does."""

_MIB = 1024 * 1024
_CLEANUP_LIMIT = 60.0
_NO_SOURCE: dict[Era, str] = {
    "1.6": "ERROR: No source code found. Please ensure your source directory exists"
    " and isn't empty.",
    "1.9": "Error: No source code found. Ensure your source isn't empty.",
}
_NO_OUTPUT = "Error: No build output found. Ensure your output directory isn't empty."
_TIMED_OUT = (
    "Build timed out. Increase the build timeout via the `_APP_{}_BUILD_TIMEOUT` environment"
    " variable, or simplify the build to complete within the limit."
)
_TIMEOUT_OWNER: dict[Era, str] = {"1.6": "FUNCTIONS", "1.9": "COMPUTE"}
_MB: dict[Era, int] = {"1.6": 1024 * 1024, "1.9": 1_000_000}
_SHELLS: dict[Era, tuple[str, ...]] = {"1.6": ("sh",), "1.9": ("bash", "sh")}


class BuildFailed(Exception):
    """The build failed; `logs` is its whole log as the era shows it."""

    def __init__(self, logs: str) -> None:
        super().__init__(logs)
        self.logs = logs


class _Refused(Exception):
    """The build cannot go on; what the era's log says of it is decided where it is caught."""


class _Failed(Exception):
    """The same, when the output itself already tells why and 1.6 adds nothing."""


@dataclass(frozen=True, slots=True)
class _Site:
    """Where the commands of one build run, and until when."""

    code: Path
    home: Path
    env: Mapping[str, str]
    deadline: float


class Builder:
    """Builds deployments, any number at a time.

    `homes` is where each build gets a private home while it runs, `caches` where downloads of
    package managers are shared; both, and the build folders, must be reachable for `sandbox`'s
    user. `environ` is the developer's environment, of which builds get the network settings and
    those of `tools`. Builds with commands are taken from `keeping` where equal ones are there.
    """

    def __init__(
        self,
        spawner: Spawner,
        sandbox: Sandbox,
        *,
        homes: Path,
        caches: Path,
        environ: Mapping[str, str],
        tools: settings.Tools,
        now: Callable[[], datetime],
        run: Run = process.run,
        keeping: Keeping | None = None,
    ) -> None:
        self._spawner = spawner
        self._sandbox = sandbox
        self._homes = homes
        self._caches = caches
        self._environ = environ
        self._tools = tools
        self._now = now
        self._run = run
        self._keeping = keeping

    async def build(
        self,
        request: BuildRequest,
        *,
        on_building: Callable[[], None],
        on_logs: Callable[[str], None],
    ) -> BuildOutput:
        """Build into `request.folder`, which functions can read but not change afterwards.

        `on_building` is called when the source lies ready, `on_logs` with the whole log so far as
        it grows. Without commands no process is started. Raises BuildFailed; then, as when it is
        cancelled, all processes of the build are gone and the folder is removed.
        """
        try:
            with BuildLog(request.era, self._now, on_logs) as log:
                return await self._build(request, log, on_building)
        except BaseException:
            await _clean_up(request.folder)
            raise

    async def _build(
        self, request: BuildRequest, log: BuildLog, on_building: Callable[[], None]
    ) -> BuildOutput:
        try:
            log.mark(Moment.PREPARING)
            await self._prepare_source(request, log)
            on_building()
            size = await self._make(request, log)
        except (_Refused, ArchiveBroken, ArchiveRefused, SpawnFailed, OSError) as exc:
            raise BuildFailed(log.failure(str(exc))) from exc
        except _Failed as exc:
            logs = log.text if request.era == "1.6" else log.failure(str(exc))
            raise BuildFailed(logs) from exc
        log.mark(Moment.PACKED)
        log.mark(Moment.FINISHED)
        return BuildOutput(size, log.text)

    async def _prepare_source(self, request: BuildRequest, log: BuildLog) -> None:
        if not await to_thread.run_sync(partial(_lay_out, request)):
            log.complain(_NO_SOURCE[request.era])
            raise _Failed("Build command exited with code 1.")

    async def _make(self, request: BuildRequest, log: BuildLog) -> int:
        """Make the output, or take it from an equal build; its bytes."""
        if not request.commands:
            log.mark(Moment.PREPARED)
            return await self._pack(request, log)
        work = partial(self._work, request, log)
        if self._keeping is None:
            return await work()
        key = await to_thread.run_sync(self._key, request)
        if key is None:
            return await work()
        try:
            return await Reuse(self._keeping, key, request, log).make(work)
        except WaitedTooLong as exc:
            raise _too_late(request.era) from exc

    def _key(self, request: BuildRequest) -> str | None:
        told = settings.usable_settings(self._environ, self._tools)
        return inputs.key(request, settings.with_contents(told), self._sandbox.owner)

    async def _work(self, request: BuildRequest, log: BuildLog) -> int:
        await self._run_commands(request, log)
        return await self._pack(request, log)

    async def _run_commands(self, request: BuildRequest, log: BuildLog) -> None:
        home = self._homes / secrets.token_hex(16)
        deadline = anyio.current_time() + request.timeout
        try:
            env = await to_thread.run_sync(partial(self._make_ready, request, home))
            site = _Site(folders.code_root(request.folder), home, env, deadline)
            if request.launch.prepare:
                await self._run_script(request, site, request.launch.prepare, log)
            log.mark(Moment.PREPARED)
            log.mark(Moment.COMMANDS_STARTED)
            active = settings.activated(site.env, request.launch, site.code)
            await self._run_script(request, replace(site, env=active), request.commands, log)
            log.mark(Moment.COMMANDS_FINISHED)
        finally:
            await _clean_up(home)

    def _make_ready(self, request: BuildRequest, home: Path) -> dict[str, str]:
        """Make what commands need on disk and give it to their user; their environment."""
        self._homes.mkdir(parents=True, exist_ok=True)
        self._homes.chmod(0o711)
        caches = settings.cache_folders(self._tools, self._caches)
        for cache in caches.values():
            if not cache.exists():
                cache.mkdir(parents=True, exist_ok=True)
                self._sandbox.adopt(cache)
        home.mkdir(mode=0o700)
        found = settings.bring_files(settings.usable_settings(self._environ, self._tools), home)
        code = folders.code_root(request.folder)
        self._sandbox.adopt(code)
        return settings.build_environment(request.launch, code, found, caches)

    async def _run_script(
        self, request: BuildRequest, site: _Site, script: str, log: BuildLog
    ) -> None:
        command = Command(
            argv=(_shell(request.era, site.env["PATH"]), "-c", script),
            env={**site.env, **request.env},
            cwd=str(site.code),
            home=str(site.home),
            limits=Limits(
                memory=request.memory * _MIB,
                processes=512,
                file_size=request.max_size,
                open_files=4096,
            ),
        )
        left = max(site.deadline - anyio.current_time(), 0.0)
        exit = await self._run(self._spawner, command, on_output=log.write, timeout=left)
        _judge(exit, request.era, log)

    async def _pack(self, request: BuildRequest, log: BuildLog) -> int:
        log.mark(Moment.PACKING)
        size = await to_thread.run_sync(partial(self._close, request))
        if size is None:
            log.complain(_NO_OUTPUT)
            raise _Failed("Build command exited with code 1.")
        if size > request.max_size:
            limit = request.max_size / _MB[request.era]
            raise _Refused(f"Build size should be less than {limit:.2f} MBs.")
        return size

    def _close(self, request: BuildRequest) -> int | None:
        """Take the output out of the functions' hands; its bytes, or None without any output."""
        code = folders.code_root(request.folder)
        if code.is_symlink() or not code.is_dir():  # commands may do anything to their folder
            return None
        if request.commands:
            self._sandbox.reclaim(code)
        code.chmod(0o755)
        if not any(code.iterdir()):
            return None
        folders.write_metadata(code, request.entrypoint, request.era)
        return folders.seal(code)


def _lay_out(request: BuildRequest) -> bool:
    """Put the source into the code root; whether there is any."""
    code = folders.make_code_root(request.folder)
    if request.archive is None:
        folders.loosen(code)
    else:
        check = from_thread.check_cancelled
        unpack(request.archive, code, max_size=request.max_size, check=check)
    if request.era == "1.6":
        folders.drop_dotfiles(code)
    return any(code.iterdir())


def _shell(era: Era, path: str) -> str:
    found = (shutil.which(name, path=path) for name in _SHELLS[era])
    return next(filter(None, found), "/bin/sh")


def _judge(exit: Exit, era: Era, log: BuildLog) -> None:
    """Raise unless the script came to a good end."""
    if exit.reason == "timeout":
        raise _too_late(era)
    if exit.code == 0 and not exit.reason:
        return
    code = exit.code if exit.code is not None else 128 + (exit.signal or 0)
    if exit.reason:
        log.complain(f"Error: The build was {exit.text}.")
    raise _Failed(f"Build command exited with code {code}.")


def _too_late(era: Era) -> _Refused:
    return _Refused(_TIMED_OUT.format(_TIMEOUT_OWNER[era]))


async def _clean_up(path: Path) -> None:
    with anyio.move_on_after(_CLEANUP_LIMIT, shield=True):
        await to_thread.run_sync(partial(folders.remove, path))
