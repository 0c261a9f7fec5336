"""Ranges of downloads."""

from __future__ import annotations

import pytest

from appwrite_emulator.errors import ApiError
from appwrite_emulator.http.ranges import byte_range

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        (None, 100, None),
        ("", 100, None),
        ("bytes=0-1", 100, (0, 1)),
        ("bytes=10-99", 100, (10, 99)),
        ("bytes=10-", 100, (10, 99)),
        ("bytes=0-", 30 * MIB, (0, 10 * MIB - 1)),
        ("bytes=5-", 30 * MIB, (5, 10 * MIB + 4)),
        ("bytes=20971520-", 30 * MIB, (20 * MIB, 30 * MIB - 1)),
    ],
)
def test_a_range_is_two_bytes_or_more_inside_the_file(
    header: str | None, size: int, expected: tuple[int, int] | None
) -> None:
    assert byte_range(header, size) == expected


@pytest.mark.parametrize(
    "header",
    [
        "bytes=0-0",
        "bytes=9-3",
        "bytes=0-100",
        "bytes=99-",
        "bytes=200-",
        "bytes=-5",
        "bytes=-",
        "bytes=0-1,4-5",
        "items=0-1",
        "bytes 0-1",
        "bytes=a-b",
        "bytes=\u0660-\u0661",
    ],
)
def test_other_ranges_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(ApiError) as caught:
        byte_range(header, 100)
    assert caught.value.type == "storage_invalid_range"
