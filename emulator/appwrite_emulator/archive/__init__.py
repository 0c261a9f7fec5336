"""Packed sources: unpacking archives that nobody vouches for, and packing build outputs."""

from __future__ import annotations

from .packing import new_archive, pack, pack_files
from .refusals import ArchiveBroken, ArchiveRefused
from .unpacking import unpack

__all__ = [
    "ArchiveBroken",
    "ArchiveRefused",
    "new_archive",
    "pack",
    "pack_files",
    "unpack",
]
