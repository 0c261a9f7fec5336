"""Kept builds: what decides whether a build is taken, what is kept of one, and for how long."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import pytest

import appwrite_emulator
from appwrite_emulator.builder import Builder, BuildFailed, BuildRequest, Keeping, Tools, folders
from appwrite_emulator.builder.inputs import key
from appwrite_emulator.builder.kept import Made
from appwrite_emulator.builder.record import Recipe, Record, Source
from appwrite_emulator.builder.settings import with_contents
from appwrite_emulator.catalog import Launch
from appwrite_emulator.config import ConfigError
from appwrite_emulator.execution.exits import Exit
from appwrite_emulator.execution.spawner import Spawner
from appwrite_emulator.sandbox import Command, OffSandbox, Report

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DAY = 86_400.0
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
ENV = {
    "WORD": "one",
    "APPWRITE_FUNCTION_ID": "hello",
    "APPWRITE_FUNCTION_API_ENDPOINT": "http://127.0.0.1:34567/v1",
    "APPWRITE_FUNCTION_API_KEY": "key-of-this-build",
    "APPWRITE_FUNCTION_DEPLOYMENT": "deployment-1",
    "OPEN_RUNTIMES_SECRET": "secret-1",
}
HOLDER = """
import sys
from pathlib import Path
from appwrite_emulator.builder.claim import Claim
assert Claim(Path(sys.argv[1])).take()
print("taken", flush=True)
sys.stdin.read()
"""
Act = Callable[[Path], None]


def archive(path: Path, content: str) -> Path:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        info = tarfile.TarInfo("index.js")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content.encode()))
    path.write_bytes(gzip.compress(target.getvalue(), mtime=0))
    return path


@pytest.fixture
def wanted(tmp_path: Path) -> BuildRequest:
    return BuildRequest(
        archive=archive(tmp_path / "code.tar.gz", "hello"),
        folder=tmp_path / "builds" / "b1",
        launch=LAUNCH,
        entrypoint="index.js",
        commands="make",
        env=ENV,
        era="1.9",
        memory=1024,
    )


@pytest.fixture
def keeping(tmp_path: Path) -> Keeping:
    made = Keeping(tmp_path / "cache")
    made.start()
    return made


class Site:
    """A builder whose commands are played: the files they write, how often they ran."""

    def __init__(
        self, tmp_path: Path, keeping: Keeping, act: Act, exit: Exit | None = None
    ) -> None:
        self.count = 0
        self.before: Callable[[], Awaitable[None]] | None = None  # the commands go on
        self._act = act
        self._exit = exit or Exit(0, None)
        sandbox = OffSandbox(Report(rung="off"))
        self.builder = Builder(
            Spawner(sandbox),
            sandbox,
            homes=tmp_path / "homes",
            caches=tmp_path / "caches",
            environ={"PATH": "/usr/bin:/bin"},
            tools=Tools(),
            now=lambda: NOW,
            run=self.run,
            keeping=keeping,
        )

    async def run(
        self,
        spawner: Spawner,
        command: Command,
        *,
        on_output: Callable[[str], None],
        **rest: float,
    ) -> Exit:
        self.count += 1
        on_output(f"run {self.count}\n")
        if self.before:
            await self.before()
        self._act(Path(command.cwd))
        return self._exit

    async def build(self, request: BuildRequest) -> tuple[int, str]:
        told: list[str] = []
        output = await self.builder.build(request, on_building=lambda: None, on_logs=told.append)
        return output.size, output.logs


def writes(text: str) -> Act:
    def act(code: Path) -> None:
        (code / "out.txt").write_text(text)

    return act


def contents(code: Path) -> dict[str, tuple[object, ...]]:
    """Everything in a code root, as far as functions can tell."""
    found: dict[str, tuple[object, ...]] = {}
    for path in sorted(code.rglob("*")):
        status, name = path.lstat(), str(path.relative_to(code))
        if path.is_symlink():
            found[name] = (os.readlink(path),)
        elif path.is_file():
            found[name] = (path.read_bytes(), stat.S_IMODE(status.st_mode), status.st_mtime_ns)
        else:
            found[name] = (stat.S_IMODE(status.st_mode),)
    return found


def key_of(request: BuildRequest, owner: tuple[int, int] | None = None, **told: str) -> str:
    found = key(request, {"PATH": "/usr/bin:/bin", **told}, owner)
    assert found
    return found


def claim_path(tmp_path: Path, request: BuildRequest) -> Path:
    return tmp_path / "cache" / "appwrite-builds" / f"{key_of(request)}.lock"


@contextmanager
def held(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the claim at `path`, until it is killed."""
    command = [sys.executable, "-c", HOLDER, str(path)]
    env = {**os.environ, "PYTHONPATH": str(Path(appwrite_emulator.__file__).parents[1])}
    with subprocess.Popen(command, env=env, stdin=-1, stdout=-1, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "taken\n"
        try:
            yield process
        finally:
            process.kill()


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "appwrite-builds").glob("*.build"))


async def test_an_equal_build_is_taken_whole_and_says_so(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    def act(code: Path) -> None:
        (code / "bin").mkdir()
        (code / "bin" / "tool").write_text(f"#!{code}/bin/any\n")
        (code / "bin" / "tool").chmod(0o700)
        (code / "bin" / "any").symlink_to("/bin/sh")
        (code / "here").symlink_to(code / "bin")
        (code / "there").symlink_to("bin/tool")
        (code / "empty").touch()
        (code / "binary").write_bytes(b"\0\xff" + os.fsencode(code) + b"\0" * 2_000_000)
        (code / "näme\udcff").write_text("odd")
        os.utime(code / "empty", ns=(1, 123_456_789_012_345_678))

    site = Site(tmp_path, keeping, act)
    other = replace(wanted, folder=tmp_path / "builds" / "b2")
    size, logs = await site.build(wanted)
    taken_size, taken_logs = await site.build(other)

    first, second = folders.code_root(wanted.folder), folders.code_root(other.folder)
    before, after = os.fsencode(first), os.fsencode(second)
    expected = {
        name: tuple(
            each.replace(before, after)
            if isinstance(each, bytes)
            else each.replace(str(first), str(second))
            if isinstance(each, str)
            else each
            for each in values
        )
        for name, values in contents(first).items()
    }
    assert site.count == 1
    assert contents(second) == expected
    assert (second / "bin" / "tool").read_text() == f"#!{second}/bin/any\n"
    assert os.listdir(second.parent) == ["function"]
    assert taken_size == size
    line = r"Taken from an equal build, which took \d+\.\d s and said:\n"
    assert re.search(line, taken_logs)
    assert re.sub(line, "", taken_logs) == logs
    assert "run 1\n" in logs


async def test_what_is_taken_can_change_nothing_that_is_kept(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    site = Site(tmp_path, keeping, writes("made"))
    for name in ("b1", "b2", "b3"):
        request = replace(wanted, folder=tmp_path / "builds" / name)
        await site.build(request)
        out = folders.code_root(request.folder) / "out.txt"
        assert out.read_text() == "made"
        out.chmod(0o644)
        out.write_text("spoilt")
    assert site.count == 1


async def test_nothing_is_kept_of_builds_that_fail_or_have_no_commands(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    site = Site(tmp_path, keeping, writes("made"), Exit(3, None))
    for _ in range(2):
        with pytest.raises(BuildFailed, match="code 3"):
            await site.build(wanted)
    await site.build(replace(wanted, commands=""))

    assert site.count == 2
    assert os.listdir(tmp_path / "cache" / "appwrite-builds") == [".gitignore"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("http://127.0.0.1:34567/v1/functions", "127.0.0.1:34567"),
        ("const key = 'key-of-this-build'", "key-of-this-build"),
        ("deployment-1", "deployment-1"),
        ("secret-1", "secret-1"),
    ],
)
async def test_a_build_that_names_what_passes_is_not_kept(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, text: str, told: str
) -> None:
    site = Site(tmp_path, keeping, writes(text))
    _, logs = await site.build(wanted)
    assert f"Not kept for later builds: out.txt has {told}, which is new in each build.\n" in logs
    assert not kept(tmp_path)


@pytest.mark.parametrize("target", ["../../../elsewhere", "/nowhere/at/all"])
async def test_a_build_that_leads_out_of_its_folder_is_not_kept(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, target: str
) -> None:
    site = Site(tmp_path, keeping, lambda code: (code / "link").symlink_to(target))
    _, logs = await site.build(wanted)
    assert "Not kept for later builds: link leads to /" in logs
    assert not kept(tmp_path)


async def test_a_build_is_made_anew_when_what_it_leads_to_is_gone(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    beside = tmp_path / "interpreter"
    beside.touch()
    site = Site(tmp_path, keeping, lambda code: (code / "link").symlink_to(beside))
    await site.build(wanted)
    beside.unlink()
    await site.build(replace(wanted, folder=tmp_path / "builds" / "b2"))

    assert site.count == 2
    assert f"{beside} is gone, where link leads to" in caplog.text
    assert not kept(tmp_path)


async def test_a_folder_in_the_place_of_a_kept_build_is_in_nobodys_way(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(tmp_path, keeping, writes("made"))
    await site.build(wanted)
    (path,) = kept(tmp_path)
    path.unlink()
    path.mkdir()

    await site.build(replace(wanted, folder=tmp_path / "builds" / "b2"))

    assert "built anew" in caplog.text
    assert path.is_dir()


@pytest.mark.parametrize("part", [0, 7, 12, 41, 60, -3])
async def test_a_damaged_byte_anywhere_is_noticed(
    tmp_path: Path,
    wanted: BuildRequest,
    keeping: Keeping,
    caplog: pytest.LogCaptureFixture,
    part: int,
) -> None:
    site = Site(tmp_path, keeping, writes("made"))
    await site.build(wanted)
    (path,) = kept(tmp_path)
    data = bytearray(path.read_bytes())
    data[part] ^= 1
    path.write_bytes(data)
    other = replace(wanted, folder=tmp_path / "builds" / "b2")
    await site.build(other)

    assert site.count == 2
    assert "a kept build is built anew" in caplog.text
    assert (folders.code_root(other.folder) / "out.txt").read_text() == "made"
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize("size", [0, 10, 60])
async def test_a_build_that_was_cut_off_is_noticed(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, size: int
) -> None:
    site = Site(tmp_path, keeping, writes("made"))
    await site.build(wanted)
    os.truncate(kept(tmp_path)[0], size)
    await site.build(replace(wanted, folder=tmp_path / "builds" / "b2"))
    assert site.count == 2


async def test_a_build_goes_on_where_it_cannot_be_kept(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    def act(code: Path) -> None:
        folders.remove(tmp_path / "cache")
        (code / "out.txt").write_text("made")

    site = Site(tmp_path, keeping, act)
    await site.build(wanted)
    assert (folders.code_root(wanted.folder) / "out.txt").read_text() == "made"
    assert "a build is not kept" in caplog.text


async def test_a_folder_that_was_removed_keeps_builds_again(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    folders.remove(tmp_path / "cache")
    await Site(tmp_path, keeping, writes("made")).build(wanted)
    assert (folders.code_root(wanted.folder) / "out.txt").read_text() == "made"
    assert len(kept(tmp_path)) == 1


async def test_a_build_goes_on_where_it_cannot_be_claimed(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping, caplog: pytest.LogCaptureFixture
) -> None:
    claim_path(tmp_path, wanted).mkdir()
    await Site(tmp_path, keeping, writes("made")).build(wanted)
    assert (folders.code_root(wanted.folder) / "out.txt").read_text() == "made"
    assert "a build is not kept" in caplog.text


async def test_of_equal_builds_at_once_one_runs(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    site, told = Site(tmp_path, keeping, writes("made")), []
    begun, waiting = anyio.Event(), anyio.Event()

    async def hold() -> None:
        begun.set()
        await waiting.wait()

    def on_logs(text: str) -> None:
        told.append(text)
        if "under way elsewhere" in text:
            waiting.set()

    site.before = hold
    other = replace(wanted, folder=tmp_path / "builds" / "b2")
    async with anyio.create_task_group() as group:
        group.start_soon(site.build, wanted)
        await begun.wait()
        await site.builder.build(other, on_building=lambda: None, on_logs=on_logs)

    assert site.count == 1
    assert (folders.code_root(other.folder) / "out.txt").read_text() == "made"


async def test_whoever_waits_builds_when_the_other_has_failed(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    begun, waiting = anyio.Event(), anyio.Event()
    failing = Site(tmp_path, keeping, writes("made"), Exit(3, None))
    site = Site(tmp_path, keeping, writes("made"))

    async def hold() -> None:
        begun.set()
        await waiting.wait()

    async def fail() -> None:
        with pytest.raises(BuildFailed):
            await failing.build(wanted)

    def on_logs(text: str) -> None:
        if "under way elsewhere" in text:
            waiting.set()

    failing.before = hold
    other = replace(wanted, folder=tmp_path / "builds" / "b2")
    async with anyio.create_task_group() as group:
        group.start_soon(fail)
        await begun.wait()
        await site.builder.build(other, on_building=lambda: None, on_logs=on_logs)
    assert (failing.count, site.count) == (1, 1)


async def test_a_wait_ends_when_a_build_would_have_to(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    site = Site(tmp_path, keeping, writes("made"))
    with (
        held(claim_path(tmp_path, wanted)),
        pytest.raises(BuildFailed, match="Build timed out"),
    ):
        await site.build(replace(wanted, timeout=0.1))
    assert site.count == 0


async def test_a_killed_holder_lets_go(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    site = Site(tmp_path, keeping, writes("made"))
    with held(claim_path(tmp_path, wanted)) as holder:

        def on_logs(text: str) -> None:
            if "under way elsewhere" in text:
                holder.kill()

        await site.builder.build(wanted, on_building=lambda: None, on_logs=on_logs)
    assert site.count == 1
    assert not list((tmp_path / "cache").rglob("*.lock"))


async def test_a_cancelled_wait_leaves_the_lock_to_others(
    tmp_path: Path, wanted: BuildRequest, keeping: Keeping
) -> None:
    path = claim_path(tmp_path, wanted)
    site = Site(tmp_path, keeping, writes("made"))
    with held(path) as holder:
        with anyio.CancelScope() as scope:

            def on_logs(text: str) -> None:
                if "under way elsewhere" in text:
                    scope.cancel()

            await site.builder.build(wanted, on_building=lambda: None, on_logs=on_logs)
        assert scope.cancelled_caught
        (waiting,) = (each for each in threading.enumerate() if each.name == "waiting for a build")
        holder.kill()
        waiting.join(5)
        assert not waiting.is_alive()
    await site.build(wanted)
    assert site.count == 1


def test_the_key_is_the_same_wherever_equal_things_are_built(
    tmp_path: Path, wanted: BuildRequest
) -> None:
    passing = {
        "APPWRITE_FUNCTION_API_ENDPOINT": "http://127.0.0.1:2/v1",
        "APPWRITE_FUNCTION_API_KEY": "another",
        "APPWRITE_FUNCTION_DEPLOYMENT": "deployment-2",
        "OPEN_RUNTIMES_SECRET": "secret-2",
    }
    again = replace(
        wanted,
        archive=archive(tmp_path / "again.tar.gz", "hello"),
        folder=tmp_path / "builds" / "b2",
        env={**ENV, **passing},
        memory=2048,
        timeout=1,
    )
    assert key_of(again) == key_of(wanted)


@pytest.mark.parametrize(
    "change",
    [
        {"commands": "make all"},
        {"entrypoint": "main.js"},
        {"era": "1.6"},
        {"max_size": 5},
        {"env": {**ENV, "WORD": "two"}},
        {"env": {**ENV, "APPWRITE_FUNCTION_ID": "other"}},
        {"env": {name: ENV[name] for name in ENV if name != "WORD"}},
        {"launch": replace(LAUNCH, version="1.1")},
        {"launch": replace(LAUNCH, runtime="any-2")},
        {"launch": replace(LAUNCH, interpreter="/usr/bin/any")},
        {"launch": replace(LAUNCH, prepare="make env")},
        {"launch": replace(LAUNCH, env=())},
        {"folder": Path("/a/longer/path/than/any/other") / ("x" * 200)},
    ],
    ids=str,
)
def test_the_key_changes_with_each_input(wanted: BuildRequest, change: dict[str, Any]) -> None:
    assert key_of(replace(wanted, **change)) != key_of(wanted)


def test_the_key_changes_with_the_source_and_with_what_surrounds_it(
    tmp_path: Path, wanted: BuildRequest
) -> None:
    other = replace(wanted, archive=archive(tmp_path / "other.tar.gz", "hello!"))
    found = [
        key_of(wanted),
        key_of(other),
        key_of(wanted, (65534, 65534)),
        key_of(wanted, PATH="/usr/local/bin"),
        key_of(wanted, HTTPS_PROXY="http://proxy.test:1"),
        key_of(wanted, HTTPS_PROXY="http://proxy.test:2"),
    ]
    assert len(set(found)) == len(found)


def test_programs_are_known_by_where_they_really_lie(tmp_path: Path, wanted: BuildRequest) -> None:
    (tmp_path / "shell-1").symlink_to("/usr/bin")
    (tmp_path / "shell-2").symlink_to("/usr/bin")
    found = {key_of(wanted, PATH=str(tmp_path / name)) for name in ("shell-1", "shell-2")}
    assert len(found) == 1


def test_files_of_settings_count_by_what_they_say(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for path in (first, second):
        path.write_text("registry=https://one.test/")

    def told(path: Path) -> dict[str, str]:
        return with_contents({"NPM_CONFIG_USERCONFIG": str(path), "NO_PROXY": "*"})

    assert told(first) == told(second)
    assert told(first)["NO_PROXY"] == "*"
    second.write_text("registry=https://two.test/")
    assert told(first) != told(second)


def test_what_an_earlier_build_left_in_the_folder_has_no_key(wanted: BuildRequest) -> None:
    recipe = Recipe(runtime="any-1", entrypoint="index.js", commands="make", era="1.9")
    record = Record(
        fingerprint="f",
        recipe=recipe,
        sources={"index.js": Source("digest", 5, False)},
        beside="",
    )
    request = replace(wanted, archive=None)
    folders.make_code_root(request.folder)
    found = []
    for each in (
        record,
        replace(record, beside="[install]"),
        replace(record, sources={"index.js": Source("digest", 5, True)}),
        replace(record, sources={"index.js": Source("other", 5, False)}),
        replace(record, beside=None),
    ):
        each.write(request.folder)
        found.append(key(request, {}, None))
    assert None not in found[:4]
    assert len(set(found[:4])) == 4
    assert found[4] is None


@pytest.fixture
def shelf(keeping: Keeping, tmp_path: Path) -> Callable[[str, int, float], None]:
    """Keeps a build of so many bytes that was last used so many days before NOW."""

    def put(name: str, size: int, days: float) -> None:
        code = tmp_path / f"code-{name}"
        code.mkdir()
        (code / "out").write_bytes(b"x" * size)
        keeping.keep(name, code, Made(seconds=1.0, logs="", size=size), [])
        at = NOW.timestamp() - days * DAY
        os.utime(tmp_path / "cache" / "appwrite-builds" / f"{name}.build", (at, at))

    return put


def test_what_was_not_used_for_a_month_goes(
    keeping: Keeping, tmp_path: Path, shelf: Callable[[str, int, float], None]
) -> None:
    shelf("old", 10, 31)
    shelf("new", 10, 29)
    keeping.sweep(NOW.timestamp())
    assert [path.stem for path in kept(tmp_path)] == ["new"]


def test_the_longest_unused_go_when_there_is_no_room(
    keeping: Keeping, tmp_path: Path, shelf: Callable[[str, int, float], None]
) -> None:
    for name, days in (("a", 3), ("b", 1), ("c", 2), ("d", 4)):
        shelf(name, 10_000, days)
    keeping.sweep(NOW.timestamp(), room=25_000)
    assert [path.stem for path in kept(tmp_path)] == ["b", "c"]


def test_a_build_that_is_taken_is_used(
    keeping: Keeping, tmp_path: Path, shelf: Callable[[str, int, float], None]
) -> None:
    shelf("made", 10, 31)
    laid = tmp_path / "code-made"
    assert keeping.lay("made", laid) == Made(seconds=1.0, logs="", size=10)
    keeping.sweep(time.time())
    assert [path.stem for path in kept(tmp_path)] == ["made"]


def test_what_a_killed_process_left_goes(keeping: Keeping, tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "appwrite-builds"
    for name, days in (("young.part", 0.5), ("old.part", 2), ("gone.lock", 0)):
        (folder / name).touch()
        at = NOW.timestamp() - days * DAY
        os.utime(folder / name, (at, at))
    with held(folder / "busy.lock"):
        keeping.sweep(NOW.timestamp())
        assert sorted(os.listdir(folder)) == [".gitignore", "busy.lock", "young.part"]


def test_the_folder_is_nobody_elses_and_stays_out_of_git(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir(mode=0o755)
    (tmp_path / "cache" / "mine").touch()
    Keeping(tmp_path / "cache").start()

    folder = tmp_path / "cache" / "appwrite-builds"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".gitignore").read_text() == "*\n"
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o755


def test_a_folder_that_cannot_keep_builds_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"build_cache is '.*/file', where builds cannot be kept"):
        Keeping(tmp_path / "file").start()
