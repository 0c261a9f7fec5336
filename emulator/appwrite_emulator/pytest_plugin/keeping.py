"""Keeping: the state of each failed test as a file, and how to look into it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import pytest

if TYPE_CHECKING:
    from ..emulator import Emulator

_SUFFIX = ".tar.gz"
_MOST = 120  # characters of a file's name


def folder(config: pytest.Config) -> Path:
    """Where states are kept. Raises UsageError for a folder that has other things in it."""
    given: str = config.getoption("appwrite_keep")
    if not given:
        cache = getattr(config, "cache", None)
        return cache.mkdir("appwrite-kept") if cache else config.rootpath / ".appwrite-kept"
    path = config.invocation_params.dir / given
    if path.exists() and not (path.is_dir() and all(map(_is_kept, path.iterdir()))):
        raise pytest.UsageError(
            f"--appwrite-keep is to write into {path}, which has other things in it. Name a folder "
            "of its own: --appwrite-keep=DIR, with the equals sign."
        )
    return path


def _is_kept(path: Path) -> bool:
    return path.name.endswith(_SUFFIX) or path.with_name(f"{path.name}{_SUFFIX}").exists()


def keep(item: pytest.Item, emulator: Emulator) -> str:
    """Keep the state as it is at the end of the test's own code; how to look into it."""
    from ..client.keeping import NotKept
    from ..client.keeping import keep as write

    target = folder(item.config) / f"{_name(item.nodeid)}{_SUFFIX}"
    try:
        write(emulator, target)
    except NotKept as exc:
        return str(exc)
    source = shlex.quote(str(target))
    state = shlex.quote(str(target.with_name(target.name.removesuffix(_SUFFIX)) / "state.json"))
    return (
        f"The state at the end of the test is in {target}. Look into it:\n"
        f"  appwrite-emulator state import --force {source} --state {state}\n"
        f"  appwrite-emulator start --state {state}"
    )


def _name(nodeid: str) -> str:
    """A file name for a test, of its own also where what is left out tells it from another."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", nodeid).strip("-.")
    if "[" in nodeid or len(name) > _MOST:
        return f"{name[-_MOST:].lstrip('-.')}-{crc32(nodeid.encode()):08x}"
    return name
