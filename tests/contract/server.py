"""An emulator in memory, called through its ASGI application without a socket."""

from __future__ import annotations

import json
import secrets
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from appwrite_emulator import Emulator

from .complete import Asked, Completeness
from .forms import form, multipart_type, tar_gz
from .sockets import Socket, connected

URL = "http://127.0.0.1:9080"
Json = Any
Request = tuple[str, str, Mapping[str, str], bytes]  # method, target, headers, body


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str | None:
        """The only value of a header; None without it."""
        values = [value for key, value in self.headers if key == name]
        assert len(values) < 2, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def json(self) -> Json:
        assert self.header("content-type") == "application/json; charset=UTF-8"
        return json.loads(self.body)

    def expect(self, status: int) -> Json:
        """The JSON of a reply with this status."""
        assert self.status == status, self.body.decode("utf-8", "replace")
        return self.json if self.body else None

    @property
    def error(self) -> tuple[int, str, str]:
        """(status, type, message) of an error in Appwrite's form."""
        body = self.json
        assert list(body) == ["message", "code", "type", "version"]
        assert body["code"] == self.status
        return self.status, body["type"], body["message"]


class Server:
    """One running emulator. Calls may come from several threads at once."""

    def __init__(self, emulator: Emulator, app: Callable[..., Any], portal: BlockingPortal) -> None:
        self.emulator = emulator
        self.completeness = Completeness(emulator)
        self._app = app
        self._portal = portal

    def project(self, id: str = "", **headers: str) -> Project:
        """A project of its own, called with a key that may do everything."""
        id = id or f"p{secrets.token_hex(8)}"
        return Project(self, id, {"x-appwrite-project": id, "x-appwrite-key": "any", **headers})

    def call(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | Sequence[bytes] = b"",
        *,
        more: Sequence[tuple[str, str]] = (),
    ) -> Reply:
        """Send one request: `target` is path and query string, `body` one or more pieces.

        `more` are headers that come after the others, whose names they may repeat.
        """
        pieces = [body] if isinstance(body, bytes) else list(body)
        pairs = [*(headers or {}).items(), *more]
        return self._portal.call(self._call, method, target, pairs, pieces)

    def call_slowly(
        self,
        target: str,
        headers: Mapping[str, str],
        pieces: tuple[bytes, bytes],
        between: Callable[[], Awaitable[object]],
    ) -> Reply:
        """Post a body of two pieces; what lies between them happens when the first was taken."""
        return self._portal.call(self._call_slowly, target, headers, pieces, between)

    async def _call_slowly(
        self,
        target: str,
        headers: Mapping[str, str],
        pieces: tuple[bytes, bytes],
        between: Callable[[], Awaitable[object]],
    ) -> Reply:
        pairs = [*headers.items()]
        head, *rest = await self._exchange("POST", target, pairs, list(pieces), between=between)
        answered = tuple((k.decode(), v.decode("latin-1")) for k, v in head["headers"])
        return Reply(head["status"], answered, b"".join(part.get("body", b"") for part in rest))

    def leave(self, method: str, target: str, body: bytes = b"") -> None:
        """Send one request and go away, without waiting for what comes of it."""
        exchange = partial(self._exchange, leaves=True)
        self._portal.call(exchange, method, target, [], [body])

    def call_together(
        self, calls: Sequence[tuple[str, str, Mapping[str, str], bytes]]
    ) -> list[Reply]:
        """Send all of `calls` at the same moment; the replies in their order."""
        return self._portal.call(self._call_together, calls)

    def knock(
        self, target: str, headers: Mapping[str, str], extensions: Mapping[str, Json]
    ) -> list[Json]:
        """Ask for a websocket, as a server with these extensions of ASGI does; what was sent."""
        return self._portal.call(self._knock, target, headers, extensions)

    @contextmanager
    def connect(self, target: str, **headers: str) -> Iterator[Socket]:
        """A websocket that the emulator has accepted; `_` in a header's name stands for `-`."""
        named = {"host": "127.0.0.1:9080", **headers}
        pairs = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in named.items()]
        path, _, query = target.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": pairs,
            "extensions": {},
        }
        with connected(self._portal, self._app, scope) as socket:
            yield socket

    def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        """Call `function` in the emulator's own loop."""
        return self._portal.call(function, *arguments)

    async def _call_together(self, calls: Sequence[Request]) -> list[Reply]:
        replies: dict[int, Reply] = {}

        async def one(number: int) -> None:
            method, target, headers, body = calls[number]
            replies[number] = await self._call(method, target, [*headers.items()], [body])

        async with anyio.create_task_group() as group:
            for number in range(len(calls)):
                group.start_soon(one, number)
        return [replies[number] for number in range(len(calls))]

    async def _knock(
        self, target: str, headers: Mapping[str, str], extensions: Mapping[str, Json]
    ) -> list[Json]:
        sent: list[Json] = []

        async def receive() -> Json:
            return {"type": "websocket.connect"}

        async def send(message: Json) -> None:
            sent.append(message)

        path, _, query = target.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
            "extensions": extensions,
        }
        await self._app(scope, receive, send)
        return sent

    async def _call(
        self, method: str, target: str, headers: list[tuple[str, str]], pieces: list[bytes]
    ) -> Reply:
        head, *rest = await self._exchange(method, target, headers, pieces)
        answered = tuple((k.decode(), v.decode("latin-1")) for k, v in head["headers"])
        reply = Reply(head["status"], answered, b"".join(part.get("body", b"") for part in rest))
        self._check(Asked(method, target, {k.lower(): v for k, v in headers}), reply)
        return reply

    async def _exchange(
        self,
        method: str,
        target: str,
        headers: list[tuple[str, str]],
        pieces: list[bytes],
        *,
        leaves: bool = False,
        between: Callable[[], Awaitable[object]] | None = None,
    ) -> list[dict[str, Any]]:
        """What the application sends; the client stays until then, unless it `leaves`."""
        path, _, query = target.partition("?")
        usual = {"host": "127.0.0.1:9080", "content-length": str(sum(map(len, pieces)))}
        given = {name.lower() for name, _ in headers}
        pairs = [pair for pair in usual.items() if pair[0] not in given] + headers
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote_to_bytes(path).decode(),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in pairs],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 9080),
        }
        sent: list[dict[str, Any]] = []
        replied = anyio.Event()
        waiting = iter(pieces)
        left = len(pieces)

        async def receive() -> dict[str, Any]:
            nonlocal left
            left -= 1
            if between and left == 0:
                await between()
            if left < 0:
                if pieces and not leaves:
                    await replied.wait()
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": next(waiting), "more_body": left > 0}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)
            if not message.get("more_body", "status" in message):
                replied.set()

        await self._app(scope, receive, send)
        return sent

    def _check(self, asked: Asked, reply: Reply) -> None:
        """What holds for every reply; other hosts may be those of functions."""
        if "host" not in asked.headers:
            kind = reply.header("content-type") or ""
            self.completeness.check(asked, reply.status, kind, reply.body)


@dataclass(frozen=True, slots=True)
class Project:
    """One caller of one project."""

    server: Server
    id: str
    headers: Mapping[str, str]

    def having(self, **headers: str | None) -> Project:
        """The same caller with other headers; None leaves one out. `_` stands for `-`."""
        changed = dict(self.headers)
        for name, value in headers.items():
            changed.pop(name.replace("_", "-"), None)
            if value is not None:
                changed[name.replace("_", "-")] = value
        return replace(self, headers=changed)

    def at(self, format: str | None) -> Project:
        """The same caller, as an SDK of that response format."""
        return self.having(x_appwrite_response_format=format)

    @property
    def guest(self) -> Project:
        return self.having(x_appwrite_key=None)

    def call(
        self,
        method: str,
        path: str,
        json_body: Json = None,
        *,
        body: bytes | Sequence[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """One request below /v1; `json_body` is sent as JSON, `body` as it is."""
        named = {**self.headers, **(headers or {})}
        if body is None:
            named.setdefault("content-type", "application/json")
            body = b"" if json_body is None else json.dumps(json_body).encode()
        return self.server.call(method, f"/v1{path}", named, body)

    def get(self, path: str, *queries: Json, **params: str) -> Reply:
        """GET with query objects (or raw texts) and other parameters."""
        texts = [q if isinstance(q, str) else json.dumps(q) for q in queries]
        pairs = [(f"queries[{i}]", text) for i, text in enumerate(texts)] + list(params.items())
        query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in pairs)
        return self.call("GET", f"{path}?{query}" if query else path)

    def post(self, path: str, json_body: Json = None) -> Reply:
        return self.call("POST", path, json_body)

    def put(self, path: str, json_body: Json = None) -> Reply:
        return self.call("PUT", path, json_body)

    def patch(self, path: str, json_body: Json = None) -> Reply:
        return self.call("PATCH", path, json_body)

    def delete(self, path: str) -> Reply:
        return self.call("DELETE", path, {})

    def function(self, id: str = "f", **settings: Json) -> Json:
        """Create a function that anyone may execute."""
        given = {"name": id, "runtime": "python-3.12", "entrypoint": "main.py", "execute": ["any"]}
        return self.post("/functions", {"functionId": id, **given, **settings}).expect(201)

    def upload(
        self,
        function: str,
        archive: bytes,
        *,
        filename: str = "code.tar.gz",
        fields: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send an archive, or a chunk of one when the headers say so."""
        fields = {"activate": "true"} if fields is None else fields
        body = form(fields, {"code": (filename, archive)})
        headers = {"content-type": multipart_type(), **(headers or {})}
        return self.call("POST", f"/functions/{function}/deployments", body=body, headers=headers)

    def deploy(self, function: str, files: Mapping[str, str | bytes], **fields: str) -> Json:
        """Deploy files and return the deployment once its build has ended."""
        fields = {"activate": "true", **fields}
        sent = self.upload(function, tar_gz(files), fields=fields).expect(202)
        return self.built(function, sent["$id"])

    def built(self, function: str, id: str) -> Json:
        """The deployment once its build has ended."""
        services = self.server.emulator.services

        async def wait() -> None:
            await services.builds.finished(services.deployments.get(self.id, function, id))

        self.server.run(wait)
        return self.get(f"/functions/{function}/deployments/{id}").expect(200)

    def execute(self, function: str, **params: Json) -> Json:
        """A synchronous execution that the API accepts."""
        return self.post(f"/functions/{function}/executions", params).expect(201)

    def executed(self, function: str, id: str) -> Json:
        """The asynchronous execution once it has ended."""
        services = self.server.emulator.services

        async def wait() -> None:
            await services.executions.finished(self.id, id)

        self.server.run(wait)
        return self.get(f"/functions/{function}/executions/{id}").expect(200)


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    """An emulator that answers until the context is left."""
    with ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal("asyncio"))
        emulator = Emulator(**options)
        app = emulator.asgi(URL)
        stack.enter_context(portal.wrap_async_context_manager(_living(app)))
        yield Server(emulator, app, portal)


@asynccontextmanager
async def _living(app: Callable[..., Any]) -> AsyncIterator[None]:
    """The lifespan that a server gives an application."""
    told, hears = anyio.create_memory_object_stream[Mapping[str, str]](1)
    says, heard = anyio.create_memory_object_stream[Mapping[str, str]](1)
    with told, hears, says, heard:
        async with anyio.create_task_group() as group:
            group.start_soon(app, {"type": "lifespan"}, hears.receive, says.send)
            await told.send({"type": "lifespan.startup"})
            assert (await heard.receive())["type"] == "lifespan.startup.complete"
            yield
            await told.send({"type": "lifespan.shutdown"})
            assert (await heard.receive())["type"] == "lifespan.shutdown.complete"


def names(items: Iterable[Mapping[str, Any]], key: str = "$id") -> list[Any]:
    """One field of each item."""
    return [item[key] for item in items]
