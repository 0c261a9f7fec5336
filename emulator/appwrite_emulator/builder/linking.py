"""Links to what other builds hold: dependencies that are installed once and used by many builds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from . import anchoring, copying, folders
from .record import Installed, Record

_ABOVE = len(folders.code_root(Path()).parts) + 1  # folders from a code root up to all builds


def link_or_copy(source: str, target: str) -> None:
    """Make `target` a second name of a sealed file or link, or a copy where the disk cannot."""
    if not link_file(source, target):
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        else:
            copying.copy_file(source, target, writable=False)


def link_file(source: str, target: str) -> bool:
    """Make `target` a second name of a file; False where the disk cannot do that."""
    try:
        os.link(source, target, follow_symlinks=False)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def link_installed(installed: Installed, folder: Path) -> None:
    """Lay the dependencies that lie in the build `installed.home` into the build `folder`.

    That is one relative link to the real folder, or a folder of links where a part of it must be
    the build's own: an anchor finds the sources from where it lies, and must find its build's.
    """
    code, home = folders.code_root(folder), folder.parent / installed.home
    _Linking(folders.code_root(home), code, installed.home).run(installed)


class _Linking:
    """One laying of dependencies: from a code root into another one."""

    def __init__(self, home: Path, code: Path, name: str) -> None:
        self._home = str(home)
        self._code = str(code)
        self._name = name

    def run(self, installed: Installed) -> None:
        anchors = {tuple(path.split("/")) for path in installed.anchors}
        self._lay(installed.path, anchors)

    def _lay(self, path: str, anchors: set[tuple[str, ...]]) -> None:
        """Lay `path` of the home's code root; `anchors` are below it, each in steps."""
        if () in anchors:
            self._own(path)
        elif not anchors:
            up = "../" * (path.count("/") + _ABOVE)
            os.symlink(f"{up}{self._name}/src/function/{path}", f"{self._code}/{path}")
        elif os.path.isdir(f"{self._home}/{path}"):
            self._make_folder(path)
            for item in os.listdir(f"{self._home}/{path}"):
                below = {steps[1:] for steps in anchors if steps[0] == item}
                self._lay(f"{path}/{item}", below)

    def _own(self, path: str) -> None:
        """Give the build its own copy of an anchor."""
        source, target = f"{self._home}/{path}", f"{self._code}/{path}"
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            self._make_folder(path)
            for item in os.listdir(source):
                self._own(f"{path}/{item}")
        else:
            self._own_file(source, target)

    def _own_file(self, source: str, target: str) -> None:
        content = Path(source).read_bytes()
        moved = anchoring.moved(content, {self._home: self._code})
        if moved != content or not link_file(source, target):
            Path(target).write_bytes(moved)
            os.chmod(target, os.stat(source).st_mode & 0o555)

    def _make_folder(self, path: str) -> None:
        os.mkdir(f"{self._code}/{path}")
        os.chmod(f"{self._code}/{path}", 0o755)


def relink(folder: Path, names: Mapping[str, str]) -> None:
    """Let the generation `folder` link to builds by their new names; `names` are new by old."""
    record = Record.read(folder)
    if record is None or not record.home:
        return
    code = str(folders.code_root(folder))
    for installed in record.installed:
        for link in _links(f"{code}/{installed.path}"):
            _rename(link, installed.home, names.get(installed.home, installed.home))
    homes = (each._replace(home=names.get(each.home, each.home)) for each in record.installed)
    replace(record, installed=tuple(homes)).write(folder)


def _links(path: str) -> Iterator[str]:
    if os.path.islink(path):
        yield path
        return
    for parent, names, files in os.walk(path):
        items = (f"{parent}/{name}" for name in (*names, *files))
        yield from filter(os.path.islink, items)


def _rename(link: str, before: str, after: str) -> None:
    text = os.readlink(link)
    if before and before in text.split("/"):
        os.unlink(link)
        os.symlink("/".join(after if step == before else step for step in text.split("/")), link)
