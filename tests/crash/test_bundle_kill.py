"""`kill -9` at every file operation of an import: the old state or the new one, never a mix.

Run as a program, this file is the process that imports. It forks for each operation: the child
begins the import and is killed when it asks the system for that operation.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import appwrite_emulator
from appwrite_emulator.files import Files
from appwrite_emulator.models import Deployment
from appwrite_emulator.services.bundle import Origin, replace_state, write_bundle
from appwrite_emulator.state import StateDB

ORIGIN = Origin("1", "2026-11-21T00:00:00.000+00:00")
# What Python tells its audit hooks when a file is opened or changed.
OPERATIONS = {
    "open", "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink",
    "os.truncate", "os.utime", "shutil.copyfile", "shutil.rmtree", "time.sleep",
}  # fmt: skip


def home(folder: Path, *words: str) -> Path:
    """A state with a deployment for each word, with its source and build."""
    with StateDB.open(folder / "state.json") as db:
        files = Files(folder, folder / "builds")
        files.start()
        for word in words:
            db.table("deployments").put(f"p/{word}", deployment(files, word).to_row())
    return folder


def deployment(files: Files, word: str) -> Deployment:
    part = files.incoming(word)
    part.write_text(word)
    source = files.keep_source(part, hashlib.sha256(word.encode()).hexdigest())
    build = files.new_build()
    (files.build(build) / "src" / "function" / "main.py").write_text(word)
    born: dict[str, Any] = {
        "project": "p",
        "created_at": ORIGIN.created,
        "updated_at": ORIGIN.created,
    }
    return Deployment(id=word, status="ready", source=source, build=build, **born)


def found(folder: Path) -> set[str]:
    """The words of the deployments, each with its source and its build."""
    files = Files(folder, folder / "builds")
    with StateDB.open(folder / "state.json") as db:
        rows = list(db.table("deployments").rows())
    for row in rows:
        assert files.source(row["source"]).read_text() == row["$id"]
        code = files.build(row["build"]) / "src" / "function" / "main.py"
        assert code.read_text() == row["$id"]
    return {row["$id"] for row in rows}


def import_bundle(folder: Path) -> None:
    with StateDB.open(folder / "state.json") as db:
        files = Files(folder, folder / "builds")
        files.start()

        def keep() -> None:
            write_bundle(db.snapshot(), files, folder / "state.json.replaced.tar.gz", ORIGIN)

        replace_state(db, files, folder.parent / "bundle.tar.gz", before=keep)


def kill_at(last: int) -> None:
    """Kill this process when it asks for its file operation number `last`."""
    count = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event in OPERATIONS:
            count += 1
            if count == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def main(folder: Path, step: int) -> None:
    """Import into a fresh copy again and again, until one import comes to its end."""
    last = 1 - step
    status = -1
    while status != 0:
        last += step
        shutil.copytree(folder / "old", folder / str(last), symlinks=True)
        child = os.fork()
        if child == 0:
            kill_at(last)
            import_bundle(folder / str(last))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL), status


@pytest.mark.timeout(120)
@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
def test_kill_at_any_operation_of_an_import_leaves_the_old_state_or_the_new(
    tmp_path: Path, step: int
) -> None:
    old = home(tmp_path / "old", "one", "both")
    new = home(tmp_path / "new", "both", "two", "three")
    with StateDB.open(new / "state.json") as db:
        files = Files(new, new / "builds")
        write_bundle(db.snapshot(), files, tmp_path / "bundle.tar.gz", ORIGIN)
    package = Path(appwrite_emulator.__file__).parents[1]
    path = os.pathsep.join([str(package), *sys.path])
    subprocess.run(
        [sys.executable, __file__, str(tmp_path), str(step)],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )

    runs = sorted((path for path in tmp_path.iterdir() if path.name.isdigit()), key=_number)
    seen = [found(run) for run in runs]
    switch = seen.index({"both", "two", "three"})
    assert 50 < switch * step < (len(runs) - 1) * step
    assert all(words == {"one", "both"} for words in seen[:switch])
    assert all(words == {"both", "two", "three"} for words in seen[switch:])
    assert found(old) == {"one", "both"}


def _number(path: Path) -> int:
    return int(path.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
