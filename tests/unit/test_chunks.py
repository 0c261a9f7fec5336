"""The arithmetic of chunked uploads."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.chunks import CHUNK_SIZE, Received, chunks_total, content_range
from appwrite_emulator.errors import ApiError

MIB = 1024 * 1024


@pytest.mark.parametrize(
    ("header", "start", "stop", "size"),
    [
        ("bytes 0-5242879/12582912", 0, 5 * MIB, 12 * MIB),
        ("bytes 10485760-12582911/12582912", 10 * MIB, 12 * MIB, 12 * MIB),
        ("bytes 0-5242880/5242880", 0, 5 * MIB, 5 * MIB),
        ("chunk 3-3/9", 3, 4, 9),
    ],
)
def test_a_content_range_names_its_bytes(header: str, start: int, stop: int, size: int) -> None:
    range = content_range(header)

    assert range is not None
    assert (range.start, range.stop, range.size) == (start, stop, size)
    assert range.length == stop - start


def test_no_header_is_no_range() -> None:
    assert content_range(None) is None


@pytest.mark.parametrize(
    "header",
    ["", "bytes", "bytes 0-5", "0-5/6", "bytes 5-4/9", "bytes 0-10/9", "bytes a-b/c", "bytes 0-5/*",
     "bytes -5/9", "bytes 0 - 5/9", "bytes=0-5/9", "bytes 0-5/9 x"],
)  # fmt: skip
def test_a_content_range_out_of_its_grammar_is_refused(header: str) -> None:
    with pytest.raises(ApiError) as caught:
        content_range(header)
    assert caught.value.type == "storage_invalid_content_range"


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_twelve_mebibytes_are_complete_after_their_last_chunk_in_any_order(
    order: tuple[int, ...],
) -> None:
    size = 12 * MIB
    received = Received()
    counts = []
    for chunk in order:
        assert not received.is_complete(size)
        start = chunk * CHUNK_SIZE
        received = received.merge(start, min(start + CHUNK_SIZE, size))
        counts.append(received.chunks_uploaded(size))

    assert received == Received(((0, size),))
    assert received.is_complete(size)
    assert counts == [1, 2, 3]
    assert chunks_total(size) == 3


def test_chunks_of_other_sizes_count_once_a_whole_one_is_there() -> None:
    received = Received().merge(0, 4 * MIB)
    assert received.chunks_uploaded(12 * MIB) == 0
    received = received.merge(4 * MIB, 8 * MIB)
    assert received.chunks_uploaded(12 * MIB) == 1
    received = received.merge(8 * MIB, 12 * MIB)
    assert received.chunks_uploaded(12 * MIB) == 3


def test_nothing_sent_changes_nothing() -> None:
    received = Received(((0, 10 * MIB),)).merge(10 * MIB, 10 * MIB)

    assert received == Received(((0, 10 * MIB),))
    assert not received.is_complete(12 * MIB)


def test_an_empty_upload_is_complete_at_once() -> None:
    assert Received().is_complete(0)
    assert chunks_total(0) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12))
def test_merging_agrees_with_marking_each_byte(pieces: list[tuple[int, int]]) -> None:
    received = Received()
    marked: set[int] = set()
    for start, length in pieces:
        received = received.merge(start, start + length)
        marked |= set(range(start, start + length))

    assert {byte for a, b in received.ranges for byte in range(a, b)} == marked
    assert list(received.ranges) == sorted(received.ranges)
    gaps = zip(received.ranges, received.ranges[1:], strict=False)
    assert all(left[1] < right[0] for left, right in gaps)
    assert received.is_complete(40) == (set(range(40)) <= marked)
