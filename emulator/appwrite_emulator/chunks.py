"""Uploads in chunks: what a Content-Range announces, and which bytes have arrived."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import ApiError

CHUNK_SIZE = 5 * 1024 * 1024
"""Bytes per chunk that Appwrite 1.9.6 and every SDK count in."""

_CONTENT_RANGE = re.compile(r"\s*\S+\s+(\d{1,18})-(\d{1,18})/(\d{1,18})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ContentRange:
    """A Content-Range header: first and last byte as the client counts them, and the total."""

    start: int
    end: int
    size: int

    @property
    def stop(self) -> int:
        """The byte after the last one; some SDKs send an end that is equal to the size."""
        return min(self.end + 1, self.size)

    @property
    def length(self) -> int:
        return self.stop - self.start


def content_range(header: str | None) -> ContentRange | None:
    """The range that a `Content-Range` header announces; None without the header.

    The unit may be any word, and the end may equal the size, as in Appwrite 1.9.6.
    Raises ApiError `storage_invalid_content_range`.
    """
    if header is None:
        return None
    match = _CONTENT_RANGE.fullmatch(header)
    if match is None:
        raise ApiError("storage_invalid_content_range")
    start, end, size = map(int, match.groups())
    if not start <= end <= size:
        raise ApiError("storage_invalid_content_range")
    return ContentRange(start, end, size)


@dataclass(frozen=True, slots=True)
class Received:
    """Which bytes of a chunked upload have arrived: sorted (start, stop), stop not included."""

    ranges: tuple[tuple[int, int], ...] = ()

    def merge(self, start: int, stop: int) -> Received:
        """With the bytes from `start` up to, not including, `stop`; any order, any overlap."""
        apart = [(a, b) for a, b in self.ranges if b < start or stop < a]
        joined = [(a, b) for a, b in self.ranges if not (b < start or stop < a)]
        low = min([start, *(a for a, _ in joined)])
        high = max([stop, *(b for _, b in joined)])
        return Received(tuple(sorted([*apart, (low, high)])))

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return sum(stop - start for start, stop in self.ranges)

    def covers(self, start: int, stop: int) -> bool:
        return start >= stop or any(a <= start and stop <= b for a, b in self.ranges)

    def is_complete(self, size: int) -> bool:
        """Whether every byte of `size` has arrived."""
        return self.covers(0, size)

    def chunks_uploaded(self, size: int) -> int:
        """How many of the 5 MiB chunks are here whole; all of them only when complete."""
        starts = range(0, size, CHUNK_SIZE)
        return sum(self.covers(start, min(start + CHUNK_SIZE, size)) for start in starts)


def chunks_total(size: int) -> int:
    """How many chunks of 5 MiB an upload of `size` bytes has, in Appwrite 1.9.6's reckoning."""
    return -(-size // CHUNK_SIZE)
