"""Builds: folders, logs, limits and environment, with commands played and with real ones."""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import shutil
import stat
import tarfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.builder import Builder, BuildFailed, BuildRequest, Tools
from appwrite_emulator.builder.log import BuildLog, Moment
from appwrite_emulator.builder.settings import usable_settings
from appwrite_emulator.catalog import Launch
from appwrite_emulator.execution.exits import Exit
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.manifest import manifests, read_family
from appwrite_emulator.sandbox import Command, OffSandbox, Report, Sandbox, choose

TOOLS = Tools.of(read_family(manifest) for manifest in manifests(assets("runtimes")))
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GREY, WHITE, RED, GREEN, OFF = "\x1b[90m", "\x1b[97m", "\x1b[31m", "\x1b[32m", "\x1b[0m"
FRAME = f"{GREY}[03:04:05] {RED}[{OFF}open-runtimes{RED}]"
LAUNCH = Launch(
    runtime="any-1",
    family="any",
    argv=("/bin/sh", "launcher"),
    interpreter="/opt/any/bin/any",
    version="1.0",
    start_variables=(),
    memory_floor=64,
    concurrency=1,
    spare=True,
    workdir=".",
    env=(("ANY_UNBUFFERED", "1"),),
    content_type_case="keep",
    native_newline=True,
    native_limit=0,
    path=("env/bin",),
    prepare="",
)
Play = Callable[[Command, Callable[[str], None]], Awaitable[Exit]]


def _line(message: str, colour: str = WHITE) -> str:
    return f"{FRAME}{colour} {message} {OFF}\n"


def _archive(path: Path, files: dict[str, str]) -> Path:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.encode())
            tar.addfile(info, io.BytesIO(content.encode()))
    path.write_bytes(gzip.compress(target.getvalue()))
    return path


@pytest.fixture
def request_for(tmp_path: Path) -> BuildRequest:
    return BuildRequest(
        archive=_archive(tmp_path / "code.tar.gz", {"./index.js": "hello", "./.env": "A=1"}),
        folder=tmp_path / "builds" / "b1",
        launch=LAUNCH,
        entrypoint="index.js",
        commands="",
        env={},
        era="1.9",
        memory=1024,
    )


class _Stage:
    """Plays the commands of a build instead of running them, and keeps what was asked for."""

    def __init__(self, *plays: Play) -> None:
        self._plays = iter(plays)
        self.commands: list[Command] = []
        self.timeouts: list[float] = []

    async def run(
        self, spawner: Spawner, command: Command, *, on_output: Callable[[str], None], **rest: float
    ) -> Exit:
        self.commands.append(command)
        self.timeouts.append(rest["timeout"])
        return await next(self._plays)(command, on_output)


def _says(text: str, exit: Exit | None = None) -> Play:
    async def play(command: Command, on_output: Callable[[str], None]) -> Exit:
        if text:
            on_output(text)
        return exit or Exit(0, None)

    return play


def _does(act: Callable[[Command], None]) -> Play:
    async def play(command: Command, on_output: Callable[[str], None]) -> Exit:
        act(command)
        return Exit(0, None)

    return play


def _builder(tmp_path: Path, stage: _Stage, environ: dict[str, str] | None = None) -> Builder:
    sandbox = OffSandbox(Report(rung="off"))
    return Builder(
        Spawner(sandbox),
        sandbox,
        homes=tmp_path / "homes",
        caches=tmp_path / "caches",
        environ=environ or {"PATH": "/usr/bin:/bin"},
        tools=TOOLS,
        now=lambda: NOW,
        run=stage.run,
    )


def _ignore(text: str = "") -> None:
    pass


async def _build(builder: Builder, request: BuildRequest) -> tuple[int, str]:
    output = await builder.build(request, on_building=_ignore, on_logs=_ignore)
    return output.size, output.logs


async def _failure(builder: Builder, request: BuildRequest) -> str:
    with pytest.raises(BuildFailed) as caught:
        await builder.build(request, on_building=_ignore, on_logs=_ignore)
    assert not request.folder.exists()
    return caught.value.logs


async def test_a_source_without_commands_starts_no_process(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    stage = _Stage()
    size, logs = await _build(_builder(tmp_path, stage), request_for)

    code = request_for.folder / "src" / "function"
    metadata = (code / ".open-runtimes").read_text()
    assert stage.commands == []
    assert (code / "index.js").read_text() == "hello"
    assert (code / ".env").exists()
    assert metadata == (
        "OPEN_RUNTIMES_ENTRYPOINT=index.js\n"
        "OPEN_RUNTIMES_CLEANUP=none\nOPEN_RUNTIMES_COMPRESSION=gzip\n"
    )
    assert size == len("hello") + len("A=1") + len(metadata)
    assert logs == (
        _line("Environment preparation started.")
        + _line("Environment preparation finished.")
        + _line("Build packaging started.")
        + _line("Build packaging finished.")
        + _line("Build finished.", GREEN)
    )


async def test_the_output_cannot_be_written(tmp_path: Path, request_for: BuildRequest) -> None:
    await _build(_builder(tmp_path, _Stage()), request_for)

    status = (request_for.folder / "src/function/index.js").stat()
    assert stat.S_IMODE(status.st_mode) == 0o444


async def test_era_16_has_plain_lines_and_no_dotfiles(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    _, logs = await _build(_builder(tmp_path, _Stage()), replace(request_for, era="1.6"))

    code = request_for.folder / "src" / "function"
    assert logs == "Preparing for build ...\nBuilding ...\nPacking build ...\nBuild finished.\n"
    assert sorted(os.listdir(code)) == [".open-runtimes", "index.js"]
    assert (code / ".open-runtimes").read_text() == "OPEN_RUNTIMES_ENTRYPOINT=index.js\n"


async def test_commands_run_in_the_code_root_between_their_lines(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    stage = _Stage(_says("added 1 package\n"))
    request = replace(request_for, commands="npm install && npm test")
    _, logs = await _build(_builder(tmp_path, stage), request)

    command = stage.commands[0]
    assert command.argv == (shutil.which("bash"), "-c", "npm install && npm test")
    assert command.cwd == str(request.folder / "src" / "function")
    assert command.limits.memory == 1024 * 1024 * 1024
    assert 0 < stage.timeouts[0] <= 900
    assert os.listdir(tmp_path / "homes") == []
    assert logs == (
        _line("Environment preparation started.")
        + _line("Environment preparation finished.")
        + _line("Build command execution started.")
        + "added 1 package\n"
        + _line("Build command execution finished.")
        + _line("Build packaging started.")
        + _line("Build packaging finished.")
        + _line("Build finished.", GREEN)
    )


async def test_era_16_runs_commands_with_sh(tmp_path: Path, request_for: BuildRequest) -> None:
    stage = _Stage(_says("out\n"))
    request = replace(request_for, commands="make", era="1.6")
    _, logs = await _build(_builder(tmp_path, stage), request)

    assert stage.commands[0].argv == (shutil.which("sh"), "-c", "make")
    assert logs.startswith("Preparing for build ...\nBuilding ...\nout\nPacking build ...\n")


async def test_the_runtime_prepares_before_the_commands(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    def prepare(command: Command) -> None:
        home = Path(command.cwd, "env")
        home.mkdir()
        (home / "pyvenv.cfg").touch()

    stage = _Stage(_does(prepare), _says(""))
    launch = replace(LAUNCH, prepare="make env")
    request = replace(request_for, commands="pip install x", launch=launch)
    await _build(_builder(tmp_path, stage), request)

    assert [command.argv[2] for command in stage.commands] == ["make env", "pip install x"]
    assert "VIRTUAL_ENV" not in stage.commands[0].env
    assert stage.commands[1].env["VIRTUAL_ENV"] == str(request.folder / "src/function/env")
    assert stage.timeouts[1] < stage.timeouts[0]


async def test_the_environment_is_clean_but_for_the_network_settings(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    (tmp_path / "me").mkdir()
    (tmp_path / "me" / ".npmrc").write_text("registry=https://example.test/")
    (tmp_path / "ca.pem").write_text("certificate")
    environ = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path / "me"),
        "SECRET": "1",
        "HTTPS_PROXY": "http://proxy.test:1",
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "PIP_INDEX_URL": "https://pip.test/",
        "PIP_USER": "1",
        "COMPOSER_AUTH": "{}",
        "npm_config_prefix": "/usr",
        "npm_config_cache": "/home/dev/.npm",
    }
    seen: dict[str, str] = {}

    def look(command: Command) -> None:
        for name in ("SSL_CERT_FILE", "NPM_CONFIG_USERCONFIG"):
            path = Path(command.env[name])
            assert path.is_relative_to(command.home)
            seen[name] = path.read_text()

    stage = _Stage(_does(look))
    request = replace(request_for, commands="true", env={"CI": "no", "MINE": "2"})
    await _build(_builder(tmp_path, stage, environ), request)

    code = request.folder / "src" / "function"
    env = dict(stage.commands[0].env)
    del env["SSL_CERT_FILE"], env["NPM_CONFIG_USERCONFIG"]
    assert seen == {
        "SSL_CERT_FILE": "certificate",
        "NPM_CONFIG_USERCONFIG": "registry=https://example.test/",
    }
    assert env == {
        "PATH": f"{code}/env/bin:/opt/any/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "CI": "no",
        "MINE": "2",
        "ANY_UNBUFFERED": "1",
        "HTTPS_PROXY": "http://proxy.test:1",
        "PIP_INDEX_URL": "https://pip.test/",
        "COMPOSER_AUTH": "{}",
        "COMPOSER_CACHE_DIR": str(tmp_path / "caches" / "composer"),
        "npm_config_cache": str(tmp_path / "caches" / "npm"),
        "PIP_CACHE_DIR": str(tmp_path / "caches" / "pip"),
        "UV_CACHE_DIR": str(tmp_path / "caches" / "uv"),
    }


def test_a_configuration_file_that_is_named_wins_over_the_one_at_home(tmp_path: Path) -> None:
    (tmp_path / ".npmrc").touch()
    environ = {"HOME": str(tmp_path), "npm_config_userconfig": "/elsewhere"}

    assert usable_settings(environ, TOOLS)["NPM_CONFIG_USERCONFIG"] == "/elsewhere"


async def test_a_failing_command_is_told_in_each_eras_way(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    request = replace(request_for, commands="npm install")
    builder = _builder(
        tmp_path, _Stage(_says("boom\n", Exit(3, None)), _says("boom\n", Exit(3, None)))
    )

    assert await _failure(builder, request) == (
        _line("Environment preparation started.")
        + _line("Environment preparation finished.")
        + _line("Build command execution started.")
        + f"boom\n\n{RED}Build command exited with code 3."
    )
    old = await _failure(builder, replace(request, era="1.6"))
    assert old == "Preparing for build ...\nBuilding ...\nboom\n"


async def test_a_failing_preparation_fails_the_build(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    stage = _Stage(_says("no venv\n", Exit(1, None)))
    request = replace(request_for, commands="x", launch=replace(LAUNCH, prepare="venv"))
    logs = await _failure(_builder(tmp_path, stage), request)

    assert logs.endswith(f"no venv\n\n{RED}Build command exited with code 1.")
    assert len(stage.commands) == 1


async def test_a_killed_command_tells_why(tmp_path: Path, request_for: BuildRequest) -> None:
    stage = _Stage(_says("", Exit(None, 9, reason="memory", detail="peak 1100 MB")))
    logs = await _failure(_builder(tmp_path, stage), replace(request_for, commands="x"))

    assert "out of memory (peak 1100 MB)" in logs
    assert logs.endswith(f"{RED}Build command exited with code 137.")


async def test_a_timeout_is_told_in_appwrites_words(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    late = Exit(None, 9, reason="timeout")
    builder = _builder(tmp_path, _Stage(_says("half", late), _says("half", late)))
    request = replace(request_for, commands="x")

    new = await _failure(builder, request)
    old = await _failure(builder, replace(request, era="1.6"))

    assert new.endswith(
        f"half\n{RED}Build timed out. Increase the build timeout via the"
        " `_APP_COMPUTE_BUILD_TIMEOUT` environment variable, or simplify the build to complete"
        " within the limit."
    )
    assert old.startswith("Build timed out.")


async def test_an_empty_source_is_named(tmp_path: Path, request_for: BuildRequest) -> None:
    empty = replace(request_for, archive=_archive(tmp_path / "empty.tar.gz", {}))
    builder = _builder(tmp_path, _Stage())

    assert await _failure(builder, empty) == (
        _line("Environment preparation started.")
        + _line("Error: No source code found. Ensure your source isn't empty.", RED)
        + f"\n{RED}Build command exited with code 1."
    )
    old = await _failure(builder, replace(empty, era="1.6"))
    assert old.splitlines()[1].startswith("ERROR: No source code found.")


async def test_an_empty_output_is_named(tmp_path: Path, request_for: BuildRequest) -> None:
    def wipe(command: Command) -> None:
        shutil.rmtree(command.cwd)

    logs = await _failure(
        _builder(tmp_path, _Stage(_does(wipe))), replace(request_for, commands="rm")
    )

    assert "Error: No build output found. Ensure your output directory isn't empty." in logs


async def test_an_output_over_the_limit_is_refused(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    def fill(command: Command) -> None:
        Path(command.cwd, "big").write_bytes(bytes(3_000_000))

    request = replace(request_for, commands="fill", max_size=2_000_000)
    builder = _builder(tmp_path, _Stage(_does(fill), _does(fill)))

    assert (await _failure(builder, request)).endswith(
        f"{RED}Build size should be less than 2.00 MBs."
    )
    assert await _failure(builder, replace(request, era="1.6")) == (
        "Build size should be less than 1.91 MBs."
    )


async def test_an_archive_that_is_none_fails_the_build(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    (tmp_path / "text.gz").write_text("just text")
    request = replace(request_for, archive=tmp_path / "text.gz")

    logs = await _failure(_builder(tmp_path, _Stage()), request)

    assert f"\n{RED}The archive is not intact gzip data" in logs


async def test_a_lost_archive_fails_the_build(tmp_path: Path, request_for: BuildRequest) -> None:
    request = replace(request_for, archive=tmp_path / "lost.tar.gz")

    assert "lost.tar.gz" in await _failure(_builder(tmp_path, _Stage()), request)


async def test_a_source_already_in_place_is_built_where_it_lies(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    code = request_for.folder / "src" / "function"
    code.mkdir(parents=True)
    (code / "main.py").write_text("x = 1")
    (code / "main.py").chmod(0o444)
    size, _ = await _build(_builder(tmp_path, _Stage()), replace(request_for, archive=None))

    assert size > len("x = 1")


async def test_hostile_metadata_is_replaced_and_not_followed(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    def link(command: Command) -> None:
        Path(command.cwd, ".open-runtimes").symlink_to(tmp_path / "victim")

    (tmp_path / "victim").write_text("kept")
    await _build(_builder(tmp_path, _Stage(_does(link))), replace(request_for, commands="x"))

    assert (tmp_path / "victim").read_text() == "kept"
    assert not (request_for.folder / "src/function/.open-runtimes").is_symlink()


async def test_logs_are_told_while_commands_run(tmp_path: Path, request_for: BuildRequest) -> None:
    told: list[str] = []
    heard = anyio.Event()
    building: list[int] = []

    def on_logs(text: str) -> None:
        told.append(text)
        if text.endswith("half way\n"):
            heard.set()

    async def talk(command: Command, on_output: Callable[[str], None]) -> Exit:
        on_output("half way\n")
        with anyio.fail_after(5):
            await heard.wait()
        return Exit(0, None)

    builder = _builder(tmp_path, _Stage(talk))
    request = replace(request_for, commands="x")
    await builder.build(request, on_building=lambda: building.append(len(told)), on_logs=on_logs)

    assert len(building) == 1
    assert told[0] == _line("Environment preparation started.")
    assert told == sorted(told, key=len)


async def test_much_output_is_told_seldom() -> None:
    told: list[str] = []
    with BuildLog("1.9", lambda: NOW, told.append) as log:
        for _ in range(5000):
            log.write("line\n")

    assert len(told) == 1


async def test_long_logs_keep_their_start_in_19_and_their_end_in_16() -> None:
    logs = {}
    for era in ("1.6", "1.9"):
        with BuildLog(era, lambda: NOW, _ignore) as log:
            for _ in range(40):
                log.write("ä" + "x" * 99_999)
            log.mark(Moment.FINISHED)
            logs[era] = log.text

    assert len(logs["1.6"]) == 1_000_000
    assert logs["1.6"].endswith("xBuild finished.\n")
    notice = "Logs truncated due to size exceeding 5.00MB."
    assert logs["1.9"].endswith("x" + notice)
    assert len(logs["1.9"].removesuffix(notice).encode()) == 1_000_000


async def test_a_cut_in_the_middle_of_a_character_drops_it() -> None:
    with BuildLog("1.9", lambda: NOW, _ignore) as log:
        log.write("x" * 999_999 + "äb")

        assert log.text == "x" * 999_999 + "Logs truncated due to size exceeding 5.00MB."


async def test_a_small_function_is_built_quickly(tmp_path: Path, request_for: BuildRequest) -> None:
    builder = _builder(tmp_path, _Stage())
    times = []
    for number in range(5):
        start = time.perf_counter()
        await _build(builder, replace(request_for, folder=tmp_path / str(number)))
        times.append(time.perf_counter() - start)

    assert min(times) < 0.05


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Path]:
    folder = choose("auto").workspace(tmp_path)
    yield folder
    if folder != tmp_path:
        shutil.rmtree(folder)


@pytest.fixture
async def real(workspace: Path) -> AsyncIterator[tuple[Builder, Sandbox]]:
    sandbox = choose("auto")
    async with Spawner(sandbox) as spawner:
        yield (
            Builder(
                spawner,
                sandbox,
                homes=workspace / "homes",
                caches=workspace / "caches",
                environ={"PATH": os.defpath},
                tools=TOOLS,
                now=lambda: NOW,
            ),
            sandbox,
        )


async def test_real_commands_write_as_their_user_and_lose_the_folder_afterwards(
    real: tuple[Builder, Sandbox], workspace: Path, request_for: BuildRequest
) -> None:
    builder, sandbox = real
    script = (
        "mkdir -p env/bin; printf '#!/bin/sh\\necho tool of $VIRTUAL_ENV' > env/bin/tool;"
        " chmod 700 env/bin/tool; touch env/pyvenv.cfg"
    )
    request = replace(
        request_for,
        folder=workspace / "builds" / "b1",
        launch=replace(LAUNCH, prepare=script),
        commands='tool && echo "$HOME" && id -u && echo error >&2 && echo built >> index.js',
    )
    _, logs = await _build(builder, request)

    code = request.folder / "src" / "function"
    owner = sandbox.owner[0] if sandbox.owner else os.getuid()
    output = logs.split("Build command execution started")[1]
    assert f"tool of {code}/env\n{workspace}/homes/" in output
    assert f"\n{owner}\nerror\n" in output
    assert (code / "index.js").read_text() == "hellobuilt\n"
    assert os.listdir(workspace / "homes") == []
    status = (code / "env/bin/tool").stat()
    assert (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.getuid(), 0o555)


async def test_a_real_failure_and_a_real_timeout_remove_the_folder(
    real: tuple[Builder, Sandbox], workspace: Path, request_for: BuildRequest
) -> None:
    builder, _ = real
    request = replace(request_for, folder=workspace / "builds" / "b1", commands="exit 7")
    assert (await _failure(builder, request)).endswith("Build command exited with code 7.")

    late = replace(request, commands="echo begun; sleep 60", timeout=0.3)
    logs = await _failure(builder, late)
    assert "begun\n" in logs
    assert "Build timed out." in logs


async def test_a_cancelled_build_leaves_no_process_and_no_folder(
    real: tuple[Builder, Sandbox], workspace: Path, request_for: BuildRequest
) -> None:
    builder, _ = real
    request = replace(
        request_for,
        folder=workspace / "builds" / "b1",
        commands="sleep 60 & echo pid=$!=; wait",
    )
    pids: list[int] = []

    with anyio.fail_after(10), anyio.CancelScope() as scope:

        def on_logs(text: str) -> None:
            if "pid=" in text:
                pids.append(int(text.split("=")[1]))
                scope.cancel()

        await builder.build(request, on_building=_ignore, on_logs=on_logs)

    assert scope.cancelled_caught
    assert not request.folder.exists()
    assert os.listdir(workspace / "homes") == []
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


async def test_an_unpacking_that_is_cancelled_leaves_no_folder(
    tmp_path: Path, request_for: BuildRequest
) -> None:
    files = {f"f{number}": "x" for number in range(3000)}
    many = _archive(tmp_path / "many.tar.gz", {**files, "/refused": "if it gets that far"})
    request = replace(request_for, archive=many)
    loop = asyncio.get_running_loop()
    with anyio.CancelScope() as scope:

        def cancel_in_the_middle() -> None:
            if (request.folder / "src" / "function" / "f0").exists():
                scope.cancel()
            else:
                loop.call_later(0.001, cancel_in_the_middle)

        cancel_in_the_middle()
        await _build(_builder(tmp_path, _Stage()), request)

    assert scope.cancelled_caught
    assert not request.folder.exists()
