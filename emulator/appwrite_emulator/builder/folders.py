"""The folder a build fills: made ready for commands, sealed afterwards, removed when it failed."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from ..errors import Era

METADATA = ".open-runtimes"


def code_root(folder: Path) -> Path:
    """Where user code lies in a build folder, as on the real server."""
    return folder / "src" / "function"


def make_code_root(folder: Path) -> Path:
    """The code root of `folder`, made where missing; any user can pass through to it."""
    code = code_root(folder)
    code.mkdir(parents=True, exist_ok=True)
    for step in (folder, code.parent, code):
        step.chmod(0o755)
    return code


def drop_dotfiles(code: Path) -> None:
    """Remove what starts with a dot at the root: images of generation v4 do not copy it."""
    for path in list(code.iterdir()):
        if path.name.startswith("."):
            remove(path)


def write_metadata(code: Path, entrypoint: str, era: Era) -> None:
    """Leave the file by which a start learns of its build. Source: Open Runtimes v4 and v5."""
    lines = [f"OPEN_RUNTIMES_ENTRYPOINT={entrypoint}"]
    if era == "1.9":
        lines += ["OPEN_RUNTIMES_CLEANUP=none", "OPEN_RUNTIMES_COMPRESSION=gzip"]
    remove(code / METADATA)
    with (code / METADATA).open("x", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))


def seal(code: Path) -> int:
    """Make all files readable for everybody and writable for nobody; their bytes together."""
    size = 0
    for path, status in _walk(code):
        if stat.S_ISREG(status.st_mode):
            size += status.st_size
            _set_mode(path, status, 0o555 if status.st_mode & 0o111 else 0o444)
        elif stat.S_ISDIR(status.st_mode):
            _set_mode(path, status, 0o755)
    return size


def loosen(code: Path) -> None:
    """Let the owner write again to a tree that was sealed or copied from a sealed one."""
    for path, status in _walk(code):
        if not stat.S_ISLNK(status.st_mode):
            _set_mode(path, status, stat.S_IMODE(status.st_mode) | stat.S_IWUSR)


def _set_mode(path: str, status: os.stat_result, mode: int) -> None:
    if stat.S_IMODE(status.st_mode) != mode:
        os.chmod(path, mode)


def _walk(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = f"{parent}/{name}"
            yield path, os.lstat(path)


def remove(path: Path) -> None:
    """Remove `path`, whatever it is and whatever modes user code has set below it."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    shutil.rmtree(path, ignore_errors=True)
    if path.exists():
        path.chmod(0o700)
        for inner, status in _walk(path):
            if stat.S_ISDIR(status.st_mode):
                os.chmod(inner, 0o700)
        shutil.rmtree(path, ignore_errors=True)
