"""Frames: encoding, cutting a stream into them, and refusing what is none."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.execution.protocol import (
    MAX_HEADER,
    Decoder,
    Frame,
    Kind,
    ProtocolError,
    encode,
)

_HEAD = struct.Struct(">BBHIII")


def _decoder() -> Decoder:
    return Decoder(max_body=1000)


def _raw(header: bytes, body: bytes = b"", *, version: int = 1, flags: int = 0) -> bytes:
    return _HEAD.pack(version, Kind.RESULT, flags, 7, len(header), len(body)) + header + body


def test_a_frame_has_the_documented_bytes() -> None:
    data = encode(Kind.CALL, 258, {"a": "é"}, b"body")

    assert data == bytes.fromhex("01 05 0000 00000102 0000000a 00000004") + '{"a":"é"}body'.encode()


@given(
    st.lists(st.tuples(st.integers(1, 8), st.text(), st.binary(max_size=200)), max_size=5),
    st.data(),
)
def test_a_stream_gives_the_same_frames_in_any_pieces(
    messages: list[tuple[int, str, bytes]], data: st.DataObject
) -> None:
    frames = [Frame(kind, 5, {"text": text}, body) for kind, text, body in messages]
    stream = b"".join(encode(f.kind, f.id, f.header, f.body) for f in frames)
    decoder, seen = _decoder(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        seen += decoder.feed(stream[:size])
        stream = stream[size:]

    assert seen == [Frame(f.kind, f.id, f.header, f.body) for f in frames]


def test_lone_surrogates_do_not_stop_a_frame() -> None:
    (frame,) = _decoder().feed(encode(Kind.CALL, 1, {"a": "\ud800"}))

    assert frame.header == {"a": "\ud800"}


def test_an_unfinished_frame_says_how_much_is_missing() -> None:
    decoder = _decoder()
    data = encode(Kind.RESULT, 1, {}, b"x" * 100)

    assert decoder.feed(data[:30]) == []
    assert decoder.missing == len(data) - 30
    assert len(decoder.feed(data[30:])) == 1
    assert decoder.missing == 0


def test_pieces_of_a_streamed_body_become_one_frame() -> None:
    decoder = _decoder()

    assert decoder.feed(_raw(b'{"status":201}', b"one ", flags=1)) == []
    assert decoder.feed(_raw(b"{}", b"two")) == [Frame(6, 7, {"status": 201}, b"one two")]


def test_frames_pass_between_the_pieces_of_another_ones_body() -> None:
    decoder = _decoder()
    decoder.feed(_raw(b"{}", b"one ", flags=1))

    assert decoder.feed(encode(Kind.LOG, 7, {}, b"said")) == [Frame(7, 7, {}, b"said")]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (_raw(b"{}", version=2), "version 2"),
        (_HEAD.pack(1, 6, 0, 1, MAX_HEADER + 1, 0), "header of 1048577 bytes"),
        (_HEAD.pack(1, 6, 0, 1, 0, 1001), "body of 1001 bytes"),
        (_raw(b"{"), "not JSON"),
        (_raw(b"\xff"), "not JSON"),
        (_raw(b"[" * 100_000), "not JSON"),
        (_raw(b"[1]"), "not a JSON object"),
        (_raw(b"{}", b"x" * 600, flags=1) * 2, "streamed body of more than 1000"),
        (b"HTTP/1.1 200 OK\r\n\r\n", "version 72"),
    ],
)
def test_what_is_no_frame_is_refused_and_named(data: bytes, text: str) -> None:
    with pytest.raises(ProtocolError, match=text):
        _decoder().feed(data)


def test_streams_without_end_are_refused() -> None:
    frames = [_HEAD.pack(1, 6, 1, id, 2, 0) + b"{}" for id in range(65)]

    with pytest.raises(ProtocolError, match="more than 64 streamed bodies"):
        _decoder().feed(b"".join(frames))
