"""What the machine gives: a sandbox, news of changed files, Python and its packages."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from ...sandbox import Containment, Mode, Report, Sandbox, SandboxMissing, choose
from .parts import Line, Mark, Part

PACKAGES = (
    "anyio", "click", "croniter", "multipart", "orjson", "pathspec", "python-dotenv", "starlette",
    "tinydb", "uvicorn", "watchdog", "websockets",
)  # fmt: skip
FAST = ("uvloop", "httptools")

_INOTIFY = Path("/proc/sys/fs/inotify")
_FEW_WATCHES, _FEW_INSTANCES = 8192, 16


def examine_sandbox(mode: Mode) -> tuple[Part, Sandbox]:
    """The rung that functions would get, and that rung. Blocking."""
    refusal: tuple[Line, ...] = ()
    try:
        sandbox = choose(mode)
    except SandboxMissing as exc:
        sandbox = choose()
        more = "Start without --sandbox require to run functions all the same."
        refusal = (Line(Mark.BAD, str(exc), more),)
    lines = (_rung(sandbox.report), *refusal)
    return Part("sandbox", "Sandbox", lines, sandbox.report.to_json()), sandbox


def _rung(report: Report) -> Line:
    reaches = {
        "other files": report.files,
        "other processes": report.signals,
        "runaway processes": report.pids,
        "memory": Containment.NO if report.memory == "none" else Containment.YES,
        "network": Containment.NO if report.net == "open" else Containment.YES,
    }
    words = {Containment.YES: "contained", Containment.PARTLY: "partly", Containment.NO: "not"}
    told = [
        f"{word}: {', '.join(names)}"
        for level, word in words.items()
        if (names := [name for name, reach in reaches.items() if reach is level])
    ]
    user = f", functions run as user {report.uid}" if report.uid is not None else ""
    mark = Mark.NOTE if report.rung == "off" else Mark.GOOD
    return Line(mark, f"{report.rung}{user}", "\n".join(["; ".join(told), *report.why]))


def examine_watching() -> Part:
    """How the machine tells that a file has changed."""
    if sys.platform != "linux":
        facts = {"by": "the system", "maxUserWatches": None, "maxUserInstances": None}
        return Part("watching", "Watching", (Line(Mark.GOOD, "by the system"),), facts)
    watches, instances = _limit("max_user_watches"), _limit("max_user_instances")
    facts = {"by": "inotify", "maxUserWatches": watches, "maxUserInstances": instances}
    text = f"inotify: {_told(watches)} watches, {_told(instances)} instances for each user"
    is_small = (watches or 0) < _FEW_WATCHES or (instances or 0) < _FEW_INSTANCES
    more = (
        "Each folder takes one watch. For more: sudo sysctl fs.inotify.max_user_watches=524288 "
        "fs.inotify.max_user_instances=512"
    )
    line = Line(Mark.NOTE, text, more) if is_small else Line(Mark.GOOD, text)
    return Part("watching", "Watching", (line,), facts)


def _limit(name: str) -> int | None:
    with suppress(OSError, ValueError):
        return int((_INOTIFY / name).read_text())
    return None


def _told(limit: int | None) -> str:
    return "unknown" if limit is None else f"{limit:,}"


def examine_python() -> Part:
    """The Python that runs the emulator, and what it has."""
    packages = {name: _version(name) for name in PACKAGES}
    fast = {name: _version(name) for name in FAST}
    version = platform.python_version()
    facts = {"version": version, "executable": sys.executable, "packages": packages, "fast": fast}
    lines = tuple(_python_lines(version, packages, fast))
    return Part("python", "Python", lines, facts)


def _python_lines(
    version: str, packages: dict[str, str | None], fast: dict[str, str | None]
) -> Iterator[Line]:
    there = ", ".join(f"{name} {has}" for name, has in packages.items() if has)
    yield Line(Mark.GOOD, f"{version}  {sys.executable}", there)
    if lost := [name for name, has in packages.items() if not has]:
        yield Line(Mark.BAD, f"missing: {', '.join(lost)}", "Install appwrite-emulator again.")
    if all(fast.values()):
        yield Line(Mark.GOOD, "fast: " + ", ".join(f"{name} {has}" for name, has in fast.items()))
    else:
        yield Line(
            Mark.NOTE,
            f"not there: {', '.join(name for name, has in fast.items() if not has)}",
            "They make calls faster: pip install 'appwrite-emulator[fast]'",
        )


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
