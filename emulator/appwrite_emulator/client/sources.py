"""Sources that a test writes itself, for functions too small for a folder of their own."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from textwrap import dedent
from typing import Any

__tracebackhide__ = True  # pytest shows the line of the test, none of here
_PREFIX = "appwrite-emulator-files-"


def laid(files: Mapping[str, str | bytes], changes: dict[str, Any], closing: ExitStack) -> Path:
    """The folder of a function with these files, which goes at `closing`; a single file becomes
    the entrypoint among the function's `changes`, if none is.

    Raises TypeError without an id, and what `write` raises.
    """
    if "id" not in changes:
        raise TypeError('files make a function that needs an id: deploy(files=..., id="greet").')
    if len(files) == 1:
        changes.setdefault("entrypoint", *files)
    parent = closing.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX))
    folder = Path(parent, _folder_name(str(changes["id"])))
    folder.mkdir()
    write(folder, files)
    return folder


def brief(text: str) -> str:
    """`text` with the files of such functions named below their own folders."""
    return re.sub(rf"{re.escape(tempfile.gettempdir())}/{_PREFIX}[^/\s]+/", "", text)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by their names; texts lose the indentation and the empty line they begin with.

    Raises TypeError, ValueError for names and contents that cannot be files.
    """
    if not isinstance(files, Mapping):
        raise TypeError(f"files is {files!r}, it must be an object of names and contents.")
    if not files:
        raise ValueError('files is empty. Give names and texts, such as {"main.py": "..."}.')
    for name, content in files.items():
        if not isinstance(content, str | bytes):
            raise TypeError(f"files[{name!r}] is {content!r}, it must be text or bytes.")
        path = folder / _checked(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_plain(content) if isinstance(content, str) else content)


def _folder_name(id: str) -> str:
    """A name for the folder of a function, also where `id` is still to be refused."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", id[:36]) or "function"


def _checked(name: str) -> PurePosixPath:
    if not isinstance(name, str):
        raise TypeError(f"files has the name {name!r}, it must be a text.")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
        raise ValueError(f"files has {name!r}. Names are paths in the function's folder.")
    return path


def _plain(text: str) -> bytes:
    return dedent(text).lstrip("\n").encode()
