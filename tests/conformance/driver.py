"""Speaks frames with a real launcher over its two pipes, without the engine."""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appwrite_emulator.assets import assets
from appwrite_emulator.manifest import MANIFEST, read_family

READY, LOAD, LOADED, LOAD_FAILED, CALL, RESULT, LOG, EXIT, ASK, PENDING = range(1, 11)
PATIENCE = 15.0  # seconds until a launcher that says nothing fails the test
_ENV = {"PATH": os.defpath, "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame as it came."""

    kind: int
    id: int
    header: dict[str, Any]
    body: bytes


@dataclass(slots=True)
class Answer:
    """All frames of one execution, sorted."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    header: dict[str, Any] = field(default_factory=dict)
    messages: list[tuple[str, str]] = field(default_factory=list)  # (level, text) as they came

    def said(self, level: str) -> list[str]:
        return [text for kind, text in self.messages if kind == level]

    @property
    def logs(self) -> str:
        return "\n".join(self.said("log"))

    @property
    def errors(self) -> str:
        return "\n".join(self.said("error"))


class Driven:
    """A running launcher: what the tests send it and what it sends back."""

    def __init__(self, pid: int, source: int, target: int, output: int) -> None:
        self.pid = pid
        self._source = source
        self._target = target
        self._output = output
        self._exit: int | None = None

    def send(self, kind: int, id: int, header: Mapping[str, Any], body: bytes = b"") -> None:
        encoded = json.dumps(header).encode()
        head = struct.pack("!BBHIII", 1, kind, 0, id, len(encoded), len(body))
        rest = memoryview(head + encoded + body)
        while rest:
            rest = rest[os.write(self._target, rest) :]

    def receive(self) -> Frame:
        _, kind, _, id, header, body = struct.unpack("!BBHIII", self._exactly(16))
        return Frame(kind, id, json.loads(self._exactly(header) or b"{}"), self._exactly(body))

    def load(self, folder: Path, entrypoint: str, env: Mapping[str, str] | None = None) -> Frame:
        cwd = str(folder.parent)
        header = {"dir": str(folder), "entrypoint": entrypoint, "cwd": cwd, "env": env or {}}
        self.send(LOAD, 0, header)
        return self.receive()

    def call(self, action: str = "", body: bytes = b"", **request: Any) -> Answer:
        id = request.pop("id", 1)
        self.send(CALL, id, request_header(action, **request), body)
        return self.answer()[1]

    def answer(self, answers: dict[int, Answer] | None = None) -> tuple[int, Answer]:
        """The next execution that ends, and its id; `answers` keeps those that overlap."""
        open_answers = {} if answers is None else answers
        while True:
            frame = self.receive()
            answer = open_answers.setdefault(frame.id, Answer())
            if frame.kind == LOG:
                answer.messages.append((frame.header["level"], frame.body.decode()))
                continue
            assert frame.kind == RESULT, frame
            answer.status, answer.body = frame.header["status"], frame.body
            answer.headers = [(name, value) for name, value in frame.header["headers"]]
            answer.header = frame.header
            return frame.id, answer

    def pending(self) -> Mapping[str, int]:
        """What it says user code has under way."""
        self.send(ASK, 0, {})
        frame = self.receive()
        assert frame.kind == PENDING, frame
        told: Mapping[str, int] = frame.header["pending"]
        return told

    def output(self) -> str:
        """What the process has written to descriptors 1 and 2 since the last look."""
        text = b""
        while select.select([self._output], [], [], 0)[0]:
            chunk = os.read(self._output, 65536)
            text += chunk
            if not chunk:
                break
        return text.decode()

    def exit_code(self) -> int:
        """How the process ended: its exit code, or minus the signal."""
        if self._exit is None:
            ready, _, _ = select.select([self._source], [], [], PATIENCE)
            assert ready, "the launcher goes on running"
            assert os.read(self._source, 1) == b"", "the launcher has more to say"
            self._exit = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._exit

    def hang_up(self) -> None:
        if self._target >= 0:
            os.close(self._target)
        self._target = -1

    def close(self) -> None:
        if self._exit is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self.hang_up()
        os.close(self._source)
        os.close(self._output)

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            ready, _, _ = select.select([self._source], [], [], PATIENCE)
            assert ready, f"the launcher is silent; it printed {self.output()!r}"
            chunk = os.read(self._source, size - len(data))
            assert chunk, f"the launcher has gone; it printed {self.output()!r}"
            data += chunk
        return data


def loaded(launcher: Driven, root: Path, source: str, name: str) -> Frame:
    """What the launcher says to a file of that source."""
    (root / name).write_text(source)
    return launcher.load(root, name)


def request_header(action: str = "", **request: Any) -> dict[str, Any]:
    """A CALL header as the conformance client sends it."""
    headers = [["content-type", "text/plain"], ["x-action", action]]
    defaults = {
        "method": "POST",
        "scheme": "http",
        "host": "localhost",
        "port": 3000,
        "path": "/",
        "queryString": "",
        "timeoutMs": 15000,
        "logging": True,
    }
    given = [[name, value] for name, value in request.pop("headers", [])]
    replaced = {name.lower() for name, _ in given} & {"content-type"}
    kept = [pair for pair in headers if pair[0] not in replaced]
    return {**defaults, **request, "headers": kept + given}


@contextmanager
def driven(argv: Sequence[str]) -> Iterator[Driven]:
    """A launcher that has said READY; killed at the end."""
    launcher = _started(argv)
    try:
        ready = launcher.receive()
        assert ready.kind == READY
        assert (ready.header["proto"], ready.header["pid"]) == (1, launcher.pid)
        assert ready.header["asks"] is True
        yield launcher
    finally:
        launcher.close()


def command(family: str, interpreter: str) -> list[str]:
    """How the launcher of `family` is started with that interpreter."""
    manifest = read_family(assets("runtimes") / family / MANIFEST)
    words = {"{interpreter}": interpreter, "{folder}": str(manifest.folder)}
    return [_replaced(text, words) for text in manifest.command]


def _replaced(text: str, words: Mapping[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def _started(argv: Sequence[str]) -> Driven:
    orders, results, prints = os.pipe(), os.pipe(), os.pipe()
    pid = _spawn(argv, _ENV, (orders[0], results[1], prints[1]))
    return Driven(pid, results[0], orders[1], prints[0])


def _spawn(argv: Sequence[str], env: Mapping[str, str], ends: tuple[int, int, int]) -> int:
    orders, results, prints = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 50) for end in ends)
    for end in ends:
        os.close(end)
    null = os.open(os.devnull, os.O_RDONLY)
    targets = ((null, 0), (prints, 1), (prints, 2), (orders, 3), (results, 4))
    pid = os.posix_spawn(
        argv[0], tuple(argv), env, file_actions=[(os.POSIX_SPAWN_DUP2, *pair) for pair in targets]
    )
    for end in (null, orders, results, prints):
        os.close(end)
    return pid
