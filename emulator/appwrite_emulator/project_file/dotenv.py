"""A function's `.env`: variables that hold on this machine only."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from .entry import ProjectFileError

NAME = ".env"
_LONGEST_KEY, _LONGEST_VALUE = 255, 8192  # characters, as Appwrite has it


def environment(folder: Path) -> dict[str, str]:
    """The variables of the `.env` in `folder`, {} when it has none. Blocking.

    Quotes, escapes, comments and `export` mean what they mean to dotenv; nothing is put in for
    `$NAME`. The last of several lines for a key wins. Raises ProjectFileError, with file and line,
    for what is no variable or what Appwrite would not take.
    """
    path = folder / NAME
    try:
        if not path.is_file():  # a folder of this name is an environment of Python
            return {}
        text = path.read_text(encoding="utf-8-sig")
    except OSError as exc:
        raise ProjectFileError(f"{path}: it cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        line = exc.object[: exc.start].count(b"\n") + 1
        raise ProjectFileError(f"{path}:{line}: it is not text in UTF-8. Save it as that.") from exc
    return dict(
        _variable(path, binding)
        for binding in parse_stream(StringIO(text))
        if binding.key is not None or binding.error
    )


def _variable(path: Path, binding: Binding) -> tuple[str, str]:
    lines = binding.original.string
    blank = len(lines) - len(lines.lstrip())
    where = f"{path}:{binding.original.line + lines[:blank].count(chr(10))}"
    key, value = binding.key, binding.value
    if key is None or binding.error:
        shown = next(iter(lines.strip().splitlines()), "")[:40]
        raise ProjectFileError(
            f"{where}: {shown!r} is no variable. Write KEY=value, and close every quote."
        )
    if value is None:
        raise ProjectFileError(f"{where}: {key} has no value. Write {key}= for an empty one.")
    if len(key) > _LONGEST_KEY:
        raise ProjectFileError(
            f"{where}: the key {key[:40]}... has {len(key)} characters, it may have {_LONGEST_KEY}."
        )
    if len(value) > _LONGEST_VALUE:
        raise ProjectFileError(
            f"{where}: the value of {key} has {len(value):,} characters, Appwrite takes "
            f"{_LONGEST_VALUE:,}."
        )
    if "\0" in key + value:
        raise ProjectFileError(f"{where}: {key} holds a zero byte, which no variable can.")
    return key, value
