"""Why an archive is not unpacked, and the rules for names inside of one."""

from __future__ import annotations

import posixpath

_MAX_DEPTH = 200


class ArchiveBroken(Exception):
    """The archive is not a complete tar packed with gzip."""


class ArchiveRefused(Exception):
    """The archive is readable, but holds something that must not be unpacked."""


def refusal(name: str, reason: str) -> ArchiveRefused:
    shown = name if len(name) <= 200 else f"{name[:200]}..."
    return ArchiveRefused(f"Entry {shown!r} is refused: {reason}.")


def clean_name(name: str) -> str:
    """`name` below the root, without empty and `.` parts; refuses what points elsewhere."""
    check_text(name, name)
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/"):
        raise refusal(name, "its path is absolute")
    if ".." in parts:
        raise refusal(name, "its path has a '..'")
    if len(parts) > _MAX_DEPTH:
        raise refusal(name, f"it lies more than {_MAX_DEPTH} folders deep")
    return "/".join(parts)


def check_text(text: str, name: str) -> None:
    if "\0" in text:
        raise refusal(name, "its name has a NUL character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise refusal(name, "its name is not UTF-8") from exc


def leaves_root(place: str) -> bool:
    resolved = posixpath.normpath(place)
    return resolved == ".." or resolved.startswith("../")
