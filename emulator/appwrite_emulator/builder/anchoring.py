"""Anchors: what in an install finds the function's sources from where it lies itself."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path


def link_target(link: str) -> str:
    """Where a link leads, by its text alone."""
    return os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))


def is_below(path: str, folder: str) -> bool:
    return path.startswith(folder + os.sep)


def leads_to_sources(link: str, code: str, install: str) -> bool:
    """Whether a link in the folder `install` leads out of it, but stays in `code`."""
    target = link_target(link)
    return is_below(target, code) and not is_below(f"{target}{os.sep}", install)


def names_sources(content: bytes, code: str, install: str) -> bool:
    """Whether a text names the folder `code`, otherwise than for `install` in it."""
    return os.fsencode(code) in content.replace(os.fsencode(install), b"")


def moved(content: bytes, places: dict[str, str]) -> bytes:
    """A text with folders named where they are now; the inner ones come first in `places`."""
    for before, after in places.items():
        content = content.replace(os.fsencode(before), os.fsencode(after))
    return content


def rewrite(path: Path, content: bytes) -> None:
    """Give a file of a build another content, never to the names it shares with others."""
    mode = path.stat().st_mode & 0o777
    path.unlink()
    path.write_bytes(content)
    path.chmod(mode)


def outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """`paths` without those that lie below another one, sorted."""
    known = set(paths)
    return tuple(sorted(path for path in known if not known.intersection(above(path))))


def above(path: str) -> Iterator[str]:
    """The folders above a relative path, the nearest first."""
    while path := path.rpartition("/")[0]:
        yield path


def folders_of(paths: Iterable[str]) -> set[str]:
    """All folders above `paths`."""
    return {folder for path in paths for folder in above(path)}
