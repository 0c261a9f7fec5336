"""Folders that are passed over by name: what never is source, and what is installed."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable

NEVER_SOURCE = frozenset({".git", ".appwrite", ".appwrite-emulator", "__pycache__"})


class Skip:
    """Names of folders that nobody enters.

    A name is a shell pattern ("node_modules", ".venv*") and counts at any depth; with a slash in
    front ("/vendor") it counts only directly in the root.
    """

    __slots__ = ("_anywhere", "_at_root")

    def __init__(self, names: Iterable[str] = ()) -> None:
        names = sorted(names)
        self._anywhere = _any_of(name for name in names if not name.startswith("/"))
        self._at_root = _any_of(name[1:] for name in names if name.startswith("/"))

    def passes(self, name: str, *, at_root: bool) -> bool:
        """Whether a folder of that name is passed over; `at_root`: it lies directly in the root."""
        return (
            name in NEVER_SOURCE
            or self._anywhere.fullmatch(name) is not None
            or (at_root and self._at_root.fullmatch(name) is not None)
        )


def _any_of(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, names)) or r"(?!)")
