"""New functions, made of the template that a language brings."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from ..manifest import Family
from .entry import ProjectFileError

_FOLDER = "template"
_COMPILED = shutil.ignore_patterns("__pycache__")  # installers of packages leave them


def has_template(family: Family) -> bool:
    """Whether functions can be made in that language."""
    return bool(family.template) and (family.folder / _FOLDER).is_dir()


def lay(family: Family, folder: Path, words: Mapping[str, str]) -> list[Path]:
    """Fill the new `folder` with the template; returns its files, relative to it and sorted.

    Every `@word@` in them is replaced. The folder is there whole or not at all, and never over
    another. Blocking. Raises ProjectFileError.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as stage:
            made = Path(stage) / folder.name
            shutil.copytree(family.folder / _FOLDER, made, ignore=_COMPILED)
            for path in _files(made):
                path.write_bytes(_filled(path.read_bytes(), words))
            made.rename(folder)  # refused when the folder is there and not empty
    except OSError as exc:
        raise ProjectFileError(
            f"{folder}: it cannot be made: {exc.strerror}. Choose another name, or give access to "
            f"{folder.parent}."
        ) from exc
    return sorted(path.relative_to(folder) for path in _files(folder))


def filled(text: str, words: Mapping[str, str]) -> str:
    """`text` with its `@word@`s replaced."""
    return _filled(text.encode(), words).decode()


def _filled(content: bytes, words: Mapping[str, str]) -> bytes:
    for word, value in words.items():
        content = content.replace(f"@{word}@".encode(), value.encode())
    return content


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())
