"""Byte ranges of downloads, as Appwrite's Range header has them."""

from __future__ import annotations

import re

from ..errors import ApiError

_DEFAULT_LENGTH = 10 * 1024 * 1024
_GRAMMAR = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte (inclusive) to send of a file of `size` bytes; None: all of it.

    An open end means at most 10 MiB. A range must hold two bytes or more and end inside the
    file, so `bytes=0-0`, suffixes (`bytes=-5`) and lists are refused as Appwrite 1.9.6 does.

    Raises ApiError `storage_invalid_range` (416).
    """
    if not header:
        return None
    match = _GRAMMAR.fullmatch(header.strip())
    if match is None:
        raise ApiError("storage_invalid_range")
    start = int(match[1])
    end = int(match[2]) if match[2] else min(start + _DEFAULT_LENGTH, size) - 1
    if start >= end or end >= size:
        raise ApiError("storage_invalid_range")
    return start, end
