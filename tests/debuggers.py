"""Real debuggers' protocols: Node's inspector over a websocket, debugpy's DAP over TCP."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import urlopen

import anyio
from anyio import to_thread
from anyio.abc import ByteStream
from anyio.streams.buffered import BufferedByteReceiveStream
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message = dict[str, Any]

LIMIT = 15  # seconds for a debugger to say what is waited for


class _Talk:
    """Messages both ways: answers go to who asked, events are kept until they are waited for."""

    def __init__(self) -> None:
        self.numbers = itertools.count(1)
        self.answers: dict[int, Message] = {}
        self.events: list[Message] = []
        self.is_over = False
        self._changed = anyio.Event()

    def told(self) -> None:
        self._changed.set()
        self._changed = anyio.Event()

    async def wait(self, found: Callable[[], Message | None]) -> Message:
        with anyio.fail_after(LIMIT):
            while (message := found()) is None:
                assert not self.is_over, "the debugger hung up"
                await self._changed.wait()
        return message

    async def answer(self, number: int) -> Message:
        return await self.wait(lambda: self.answers.pop(number, None))

    async def event(self, key: str, name: str) -> Message:
        def found() -> Message | None:
            for message in self.events:
                if message[key] == name:
                    self.events.remove(message)
                    return message
            return None

        return await self.wait(found)

    async def over(self) -> None:
        with anyio.fail_after(LIMIT):
            while not self.is_over:
                await self._changed.wait()


class NodeDebugger:
    """A client of Node's inspector, as an editor is one."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.talk = _Talk()

    async def listen(self) -> None:
        with suppress(ConnectionClosed):
            async for text in self._socket:
                message = json.loads(text)
                if "id" in message:
                    self.talk.answers[message["id"]] = message
                else:
                    self.talk.events.append(message)
                self.talk.told()
        self.talk.is_over = True
        self.talk.told()

    async def ask(self, method: str, **params: Any) -> Message:
        message = await self.talk.answer(await self._send(method, params))
        assert "error" not in message, message
        result: Message = message["result"]
        return result

    async def _send(self, method: str, params: Message) -> int:
        number = next(self.talk.numbers)
        await self._socket.send(json.dumps({"id": number, "method": method, "params": params}))
        return number

    async def break_at(self, path: Path, line: int) -> Message:
        """Set a breakpoint in a file, lines counted from 1; what the inspector answers."""
        return await self.ask("Debugger.setBreakpointByUrl", url=path.as_uri(), lineNumber=line - 1)

    async def paused(self) -> Message:
        """The innermost frame, once it pauses."""
        event = await self.talk.event("method", "Debugger.paused")
        frame: Message = event["params"]["callFrames"][0]
        return frame

    async def evaluate(self, frame: Message, expression: str) -> Any:
        answer = await self.ask(
            "Debugger.evaluateOnCallFrame",
            callFrameId=frame["callFrameId"],
            expression=expression,
        )
        return answer["result"].get("value")

    async def go_on(self) -> None:
        """Let the call go on; the process may be at its end before it can answer that."""
        await self._send("Debugger.resume", {})


@asynccontextmanager
async def node_debugger(port: int) -> AsyncIterator[NodeDebugger]:
    """A debugger that is attached at `port`."""

    def targets() -> Any:
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=LIMIT) as reply:
            return json.load(reply)

    (target,) = await to_thread.run_sync(targets)
    address = target["webSocketDebuggerUrl"]
    async with connect(address, max_size=None) as socket, anyio.create_task_group() as group:
        debugger = NodeDebugger(socket)
        group.start_soon(debugger.listen)
        await debugger.ask("Runtime.enable")
        await debugger.ask("Debugger.enable")
        await debugger.ask("Runtime.runIfWaitingForDebugger")
        yield debugger
        group.cancel_scope.cancel()


class PythonDebugger:
    """A client of the Debug Adapter Protocol, as an editor is one."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.talk = _Talk()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None
    ) -> None:
        await self._stream.aclose()

    async def listen(self) -> None:
        reader = BufferedByteReceiveStream(self._stream)
        try:
            while True:
                head = await reader.receive_until(b"\r\n\r\n", 1000)
                size = int(head.split(b":")[1])
                self._take(json.loads(await reader.receive_exactly(size)))
        except (anyio.IncompleteRead, anyio.ClosedResourceError, anyio.BrokenResourceError):
            self.talk.is_over = True
            self.talk.told()

    def _take(self, message: Message) -> None:
        if message["type"] == "response":
            self.talk.answers[message["request_seq"]] = message
        elif message["type"] == "event":
            self.talk.events.append(message)
        self.talk.told()

    async def send(self, command: str, **arguments: Any) -> int:
        number = next(self.talk.numbers)
        values = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        text = json.dumps(values).encode()
        await self._stream.send(b"Content-Length: %d\r\n\r\n" % len(text) + text)
        return number

    async def ask(self, command: str, **arguments: Any) -> Message:
        message = await self.talk.answer(await self.send(command, **arguments))
        assert message["success"], message
        body: Message = message.get("body") or {}
        return body

    async def attach(self, entry: Mapping[str, Any], breakpoints: Mapping[Path, int]) -> None:
        """Attach as a launch entry of an editor says, breaking in these lines."""
        await self.ask("initialize", adapterID="debugpy", pathFormat="path", linesStartAt1=True)
        attached = await self.send("attach", **entry)
        await self.talk.event("event", "initialized")
        for path, line in breakpoints.items():
            source, lines = {"path": str(path)}, [{"line": line}]
            answer = await self.ask("setBreakpoints", source=source, breakpoints=lines)
            assert answer["breakpoints"][0]["verified"], answer
        await self.ask("configurationDone")
        assert (await self.talk.answer(attached))["success"]

    async def paused(self) -> Message:
        """The innermost frame, once it pauses."""
        stopped = (await self.talk.event("event", "stopped"))["body"]
        self._thread = stopped["threadId"]
        trace = await self.ask("stackTrace", threadId=self._thread)
        frame: Message = trace["stackFrames"][0]
        return frame

    async def evaluate(self, frame: Message, expression: str) -> str:
        answer = await self.ask("evaluate", expression=expression, frameId=frame["id"])
        return str(answer["result"])

    async def go_on(self) -> None:
        await self.ask("continue", threadId=self._thread)


@asynccontextmanager
async def python_debugger(port: int) -> AsyncIterator[PythonDebugger]:
    """A debugger that is connected to `port`; `attach` makes it debug."""
    async with (
        PythonDebugger(await anyio.connect_tcp("127.0.0.1", port)) as debugger,
        anyio.create_task_group() as group,
    ):
        group.start_soon(debugger.listen)
        yield debugger
        group.cancel_scope.cancel()
