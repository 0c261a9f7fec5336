"""A function's folder that is followed: how soon a save is told, and what it costs to wait for it.

The folder has 200 files in 20 folders, and 5,000 more folders of installed packages.
"""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from appwrite_emulator.project_file import Entry
from appwrite_emulator.trees import scan
from appwrite_emulator.watch import Scope, Watcher
from appwrite_emulator.watch.ears import Ears

FILES, FOLDERS, PACKAGES = 200, 20, 5_000
HEARD, LOOKED_AT = "heard", "looked at"
START, IDLE = "start until all is heard", "idle CPU"
SAVE, ATOMIC, VIM = "save, written in place", "save, renamed over", "save, as vim does"
MOVED = "a folder moved in"
CURRENT, SCAN, FIRST = "is it as it was", "scan with one file changed", "scan of all"
SKIP = "node_modules"


class Deaf(Ears):
    """Gets nothing from the system."""

    def add(self, folder: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)


def measure_watching(saves: int, idle: float) -> dict[str, dict[str, list[float]]]:
    """Seconds of each sample, by how changes are noticed and by what was done; CPU as a share."""
    with TemporaryDirectory() as place:
        folder = _make(Path(place))
        return {
            name: asyncio.run(_watch(folder, listening, saves, idle))
            for name, listening in {HEARD: Ears, LOOKED_AT: Deaf}.items()
        }


def measure_trees(samples: int) -> dict[str, list[float]]:
    """Seconds of each sample, by what was done."""
    with TemporaryDirectory() as place:
        folder = _make(Path(place))
        entry = Entry(id="f", name="f", runtime="node-22", folder=folder)
        first = _taken(samples, lambda: scan(entry, skip=[SKIP]))
        tree = scan(entry, skip=[SKIP])
        while tree.seen.doubts and tree.is_current():
            pass
        current = _taken(samples, tree.is_current)
        _source(folder, 7).write_text("changed")
        again = _taken(samples, lambda: scan(entry, skip=[SKIP], before=tree))
        return {CURRENT: current, SCAN: again, FIRST: first}


async def _watch(
    folder: Path, listening: type[Ears], saves: int, idle: float
) -> dict[str, list[float]]:
    changed = asyncio.Event()
    async with Watcher(lambda sentence: None, listening=listening) as watcher:

        async def told(act: Callable[[], object]) -> float:
            changed.clear()
            act()
            began = perf_counter()
            await changed.wait()
            return perf_counter() - began

        scope = Scope((folder,), skip=frozenset({SKIP}))
        taken = {START: [await told(lambda: watcher.follow("f", scope, changed.set))]}
        began = perf_counter(), process_time()
        await asyncio.sleep(idle)
        cpu = process_time() - began[1]
        for name, act in CHANGES.items():
            taken[name] = [await told(partial(act, folder, number)) for number in range(saves)]
        return {**taken, IDLE: [cpu / (perf_counter() - began[0])]}


def _make(place: Path) -> Path:
    folder = place / "f"
    for number in range(PACKAGES):
        (folder / SKIP / f"package-{number}").mkdir(parents=True)
    for number in range(FILES):
        _source(folder, number).parent.mkdir(parents=True, exist_ok=True)
        _source(folder, number).write_text(f"{number}\n" * 500)
    (folder / ".gitignore").write_text(
        "".join(f"*.{number}\n/out{number}/\n" for number in range(30))
    )
    return folder


def _source(folder: Path, number: int) -> Path:
    return folder / "src" / f"part{number % FOLDERS}" / f"file{number % FILES}.js"


def _taken(samples: int, act: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(samples):
        began = perf_counter()
        act()
        taken.append(perf_counter() - began)
    return taken


def _save(folder: Path, number: int) -> None:
    _source(folder, number).write_text(f"saved {number}\n" * 500)


def _rename_over(folder: Path, number: int) -> None:
    temporary = folder / "src" / ".tmp"
    temporary.write_text(f"renamed {number}\n" * 500)
    temporary.replace(_source(folder, number))


def _as_vim(folder: Path, number: int) -> None:
    file = _source(folder, number)
    probe, backup = file.with_name("4913"), file.with_name(f"{file.name}~")
    probe.touch()
    probe.unlink()
    file.rename(backup)
    file.write_text(f"vim {number}\n" * 500)
    backup.unlink()


def _move_in(folder: Path, number: int) -> None:
    outside = folder.parent / "moved"
    outside.mkdir()
    (outside / "a.js").write_text(f"moved {number}")
    shutil.rmtree(folder / "src" / "moved", ignore_errors=True)
    outside.rename(folder / "src" / "moved")


CHANGES = {SAVE: _save, ATOMIC: _rename_over, VIM: _as_vim, MOVED: _move_in}
