"""Frames between the emulator and a worker: 16 bytes of head, a JSON header, a raw body."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from .. import jsontext

VERSION = 1
MAX_HEADER = 1 << 20  # bytes
_HEAD = struct.Struct(">BBHIII")  # version, kind, flags, id, header length, body length
_MAX_STREAMS = 64
_MORE = 1  # flag: another frame of the same kind and id continues the body


class Kind(IntEnum):
    """What a frame means; other numbers are ignored."""

    READY = 1  # worker: it can load code
    LOAD = 2  # emulator: load this function
    LOADED = 3
    LOAD_FAILED = 4
    CALL = 5  # emulator: run it
    RESULT = 6
    LOG = 7  # worker: one message of user code
    EXIT = 8  # emulator: end
    ASK = 9  # emulator, while no call runs: what is under way all the same?
    PENDING = 10  # worker: this is


class ProtocolError(Exception):
    """The worker sent something that is not a frame."""

    frames: Sequence[Frame] = ()  # that came whole before it


@dataclass(slots=True)
class Frame:
    """One message of a worker."""

    kind: int
    id: int  # of the call it belongs to, 0 for the worker itself
    header: dict[str, Any]
    body: bytes = b""


def encode(kind: int, id: int, header: Mapping[str, Any], body: bytes = b"") -> bytes:
    """The bytes of one frame."""
    text = jsontext.encode(header)
    return _HEAD.pack(VERSION, kind, 0, id, len(text), len(body)) + text + body


class Decoder:
    """Cuts a stream of bytes into frames, whatever the pieces it arrives in.

    `max_body` is the most bytes that the body of one message may have.
    """

    def __init__(self, max_body: int) -> None:
        self.missing = 0  # bytes that the frame begun still lacks
        self._max_body = max_body
        self._buffer = bytearray()
        self._begun: dict[tuple[int, int], tuple[dict[str, Any], bytearray]] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that are complete now. Raises ProtocolError; the stream is lost then."""
        frames: list[Frame] = []
        try:
            self._cut(data, frames)
        except ProtocolError as exc:
            exc.frames = frames
            raise
        return frames

    def _cut(self, data: bytes, frames: list[Frame]) -> None:
        buffer = self._buffer
        buffer += data
        start, self.missing = 0, 0
        while len(buffer) - start >= _HEAD.size:
            version, kind, flags, id, header_size, body_size = _HEAD.unpack_from(buffer, start)
            self._check(version, header_size, body_size)
            body_start = start + _HEAD.size + header_size
            end = body_start + body_size
            if end > len(buffer):
                self.missing = end - len(buffer)
                break
            header = _header(buffer[start + _HEAD.size : body_start])
            body = bytes(memoryview(buffer)[body_start:end])
            frame = Frame(kind, id, header, body)
            if flags & _MORE or self._begun:
                self._join(frame, bool(flags & _MORE), frames)
            else:
                frames.append(frame)
            start = end
        del buffer[:start]

    def _check(self, version: int, header_size: int, body_size: int) -> None:
        if version != VERSION:
            raise ProtocolError(f"frame version {version}, expected {VERSION}")
        if header_size > MAX_HEADER:
            raise ProtocolError(f"frame header of {header_size} bytes, at most {MAX_HEADER}")
        if body_size > self._max_body:
            raise ProtocolError(f"frame body of {body_size} bytes, at most {self._max_body}")

    def _join(self, frame: Frame, has_more: bool, frames: list[Frame]) -> None:
        key = (frame.kind, frame.id)
        header, body = self._begun.setdefault(key, (frame.header, bytearray()))
        body += frame.body
        if sum(len(part) for _, part in self._begun.values()) > self._max_body:
            raise ProtocolError(f"streamed body of more than {self._max_body} bytes")
        if len(self._begun) > _MAX_STREAMS:
            raise ProtocolError(f"more than {_MAX_STREAMS} streamed bodies at once")
        if not has_more:
            del self._begun[key]
            frames.append(Frame(frame.kind, frame.id, header, bytes(body)))


def _header(data: bytearray) -> dict[str, Any]:
    try:
        header = jsontext.decode(data) if data else {}
    except (ValueError, RecursionError) as exc:
        raise ProtocolError(f"frame header is not JSON: {exc}") from exc
    if type(header) is not dict:
        raise ProtocolError("frame header is not a JSON object")
    return header
