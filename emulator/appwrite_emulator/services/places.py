"""Places: an error's files, told as the developer's own instead of the copies that run."""

from __future__ import annotations

import re
from pathlib import Path

_TRACEBACK = "Traceback (most recent call last)"  # Python's begin far from the place they end at

_COMPILED = re.compile(r"([\w@.][\w@./-]*\.\w+)[(:](\d+)")  # as compilers name what they build


def owned(text: str, code: Path, folder: Path) -> str:
    """`text` with the paths below the code root `code` as those below `folder`."""
    return text.replace(f"{code}/", f"{folder}/")


def place(text: str, folder: Path) -> str:
    """The `path:line` below `folder` where the error lies that `text` tells of, or ""."""
    line = r"(?::|, line | on line |\()"
    pattern = re.compile(rf"({re.escape(str(folder))}/[^\s:\"'()]+)[\"']?{line}(\d+)")
    found = [f"{path}:{number}" for path, number in pattern.findall(text)]
    if not found:
        named = _COMPILED.findall(text)
        relative = (f"{folder / path}:{line}" for path, line in named if (folder / path).is_file())
        return next(relative, "")
    return found[-1] if _TRACEBACK in text else found[0]
