"""A launcher without a language: does what the steps in a call's body say.

Steps are lists, [word, argument...], run in order; the call is answered at its end unless a step
prevents that. The entrypoint is a list of the same steps, run at LOAD.
"""

from __future__ import annotations

import json
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

HEAD = struct.Struct(">BBHIII")
READY, LOAD, LOADED, LOAD_FAILED, CALL, RESULT, LOG = range(1, 8)
ASK, PENDING = 9, 10


def send(kind: int, id: int, header: Any, body: bytes = b"", *, flags: int = 0) -> None:
    text = json.dumps(header).encode()
    data = memoryview(HEAD.pack(1, kind, flags, id, len(text), len(body)) + text + body)
    while data:
        data = data[os.write(4, data) :]


def read(size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = os.read(3, size - len(data))
        if not piece:
            os._exit(0)
        data += piece
    return data


def receive() -> tuple[int, int, dict[str, Any], bytes]:
    _, kind, _, id, header, body = HEAD.unpack(read(HEAD.size))
    return kind, id, json.loads(read(header)), read(body)


class Turn:
    """One LOAD or CALL being obeyed."""

    def __init__(self, id: int, header: dict[str, Any], body: bytes) -> None:
        self.id = id
        self.header = header
        self.body = body
        self.answer: dict[str, Any] = {"status": 200, "headers": []}
        self.result = b""
        self.is_silent = False

    def log(self, level: str, text: str) -> None:
        send(LOG, self.id, {"level": level}, text.encode())

    def write(self, fd: int, text: str, times: int = 1) -> None:
        data = text.encode()
        for _ in range(times):
            os.write(fd, data)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def spin(self) -> None:
        while True:
            pass

    def exit(self, code: int) -> None:
        os._exit(code)

    def die(self, number: int) -> None:
        os.kill(os.getpid(), number)

    def close(self) -> None:
        os.closerange(0, 64)
        time.sleep(60)

    def stubborn(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)

    def daemon(self) -> None:
        """Leave a process behind that has left our session; answers its id."""
        reader, writer = os.pipe()
        if not os.fork():
            os.setsid()
            pid = os.fork()
            if pid:
                os.write(writer, b"%d" % pid)
                os._exit(0)
            os.closerange(0, 64)
            time.sleep(60)
        self.result = os.read(reader, 32)

    def eat(self, megabytes: int) -> None:
        hoard.append(b"x" * (megabytes << 20))

    def frame(self, kind: int, id: int, header: Any, body: str = "") -> None:
        send(kind, id, header, body.encode())

    def stream(self, text: str, pieces: int) -> None:
        for number in range(pieces):
            send(RESULT, self.id, self.answer, text.encode(), flags=number < pieces - 1)
        self.is_silent = True

    def raw(self, text: str) -> None:
        os.write(4, bytes.fromhex(text))

    def silent(self) -> None:
        self.is_silent = True

    def echo(self, field: str) -> None:
        self.result = json.dumps(self.header.get(field)).encode()

    def mirror(self) -> None:
        self.result = self.body

    def pid(self) -> None:
        self.result = b"%d" % os.getpid()

    def env(self, name: str) -> None:
        self.result = str({**os.environ, **loaded["env"]}.get(name)).encode()

    def start_env(self, name: str) -> None:
        self.result = str(os.environ.get(name)).encode()

    def size(self, number: int) -> None:
        self.result = b"x" * number

    def reply(self, header: Any, body: str = "") -> None:
        self.answer, self.result = header, body.encode()

    def until(self, path: str) -> None:
        """Wait until somebody opens the named pipe `path` for writing."""
        os.close(os.open(path, os.O_RDONLY))

    def go_on(self, kind: str, asks: int = 1_000_000) -> None:
        """Have something under way from now on, until it was asked for so often."""
        pending.append([kind, asks])

    def deafen(self) -> None:
        """Answer no more when asked what is under way."""
        pending.append(None)

    def keep(self, path: str, text: str = "") -> None:
        """Write a file below our home."""
        place = os.path.join(os.environ["HOME"], path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "a") as file:
            file.write(text)

    def leave(self, path: str) -> None:
        """Write a file below the working directory of user code."""
        with open(os.path.join(loaded["cwd"], path), "w") as file:
            file.write("left")

    def lend(self, seconds: float) -> None:
        """Start a process that goes on."""
        if not os.fork():
            os.closerange(0, 64)
            os.execv("/bin/sleep", ["/bin/sleep", str(seconds)])

    def obey(self, steps: list[list[Any]]) -> None:
        for word, *arguments in steps:
            step: Callable[..., None] = getattr(self, word)
            step(*arguments)


hoard: list[bytes] = []
pending: list[Any] = []  # [kind, how often it is told]
loaded: dict[str, Any] = {"env": {}}


def load(header: dict[str, Any]) -> None:
    loaded.update(header)
    turn = Turn(0, header, b"")
    turn.answer = {}
    turn.obey(json.loads(header["entrypoint"]))
    if not turn.is_silent:
        send(LOAD_FAILED if turn.answer else LOADED, 0, turn.answer)


def call(id: int, header: dict[str, Any], body: bytes) -> None:
    turn = Turn(id, header, body)
    steps, _, _ = body.partition(b"\n")
    turn.obey(json.loads(steps or b"[]"))
    if not turn.is_silent:
        send(RESULT, id, turn.answer, turn.result)


def tell_pending() -> None:
    if None in pending:
        return
    send(PENDING, 0, {"pending": {kind: 1 for kind, asks in pending if asks > 0}})
    for each in pending:
        each[1] -= 1


def main() -> None:
    ready = {"proto": 1, "runtime": "fake", "version": "1", "pid": os.getpid()}
    send(READY, 0, {**ready, "asks": "--reserved" not in sys.argv})
    while True:
        kind, id, header, body = receive()
        if kind == LOAD:
            load(header)
        elif kind == CALL:
            call(id, header, body)
        elif kind == ASK:
            tell_pending()


if __name__ == "__main__":
    main()
