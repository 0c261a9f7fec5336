"""A running emulator, found and called over HTTP by the commands that speak to one."""

from __future__ import annotations

import http.client
import json
import os
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from ..addresses import url
from ..client.workspace import locate
from ..config import Config, ConfigError, own_environment
from ..state import holder
from .whereabouts import Whereabouts

_PATIENCE = 3660.0  # seconds; what settles may take an hour
_FOREVER = 20 * 86_400.0  # seconds; a socket cannot wait longer
_QUIET = 5.0  # seconds after which a listener looks up
_HINTS = {"emulator_key_required": "Give it by --key SECRET."}  # what to do at a terminal
_JSON = {"content-type": "application/json"}


class Silent(ConfigError):
    """Nobody answers at the address."""


class Refused(ConfigError):
    """The emulator did not do what was asked; the text is its own, `type` that of the error."""

    def __init__(self, text: str, type: str = "") -> None:
        super().__init__(text)
        self.type = type


class Reply(NamedTuple):
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """Where an emulator answers, and the key to show it; `patience` in seconds for each answer."""

    address: str  # such as http://127.0.0.1:9080
    key: str
    patience: float = _PATIENCE

    @classmethod
    def find(cls, where: Whereabouts) -> Running:
        """The emulator at the address; else that of APPWRITE_ENDPOINT; else that which holds the
        state of the folder; else whoever listens where `start` would. Raises ConfigError."""
        directory, address, key = where
        environ = own_environment()
        folder, _ = locate(directory)
        config = Config.load(folder)
        known = config.keys[0].secret if config.keys else "local"
        return cls(
            _root(address or ("" if directory else environ.get("APPWRITE_ENDPOINT", "")))
            or holder(config.state_in(folder)).address
            or url(config.host, config.port),
            key or environ.get("APPWRITE_API_KEY") or known,
        )

    def ask(self, method: str, path: str, **params: Any) -> Any:
        """The JSON that the control API answers at `path`, below `/_emulator`.

        Raises Silent when nobody answers, Refused when the answer is an error.
        """
        body = json.dumps(params).encode()
        headers = {"x-appwrite-key": self.key, **_JSON}
        return self.value(self.send(method, f"/_emulator{path}", body, headers))

    def api(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        project: str,
        queries: Sequence[Mapping[str, Any]] = (),
    ) -> Any:
        """The JSON that Appwrite's API answers at `path`, below `/v1`, to the holder of the key.

        None where it answers without content. Raises as `ask` does.
        """
        if queries:
            pairs = [(f"queries[{place}]", json.dumps(each)) for place, each in enumerate(queries)]
            path += f"?{urlencode(pairs)}"
        headers = {"x-appwrite-project": project, "x-appwrite-key": self.key}
        text = b"" if body is None else json.dumps(body).encode()
        reply = self.send(method, f"/v1{path}", text, headers | (_JSON if body is not None else {}))
        return self.value(reply) if reply.body else None

    def send(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Reply:
        """Call it with bytes, or with a file, and take what it answers, errors too.

        Raises Silent when nobody answers.
        """
        with self._answered(method, path, body, headers) as reply:
            given = {name.lower(): value for name, value in reply.getheaders()}
            with self._explained():
                return Reply(reply.status, given, reply.read())

    @contextmanager
    def listening(self, **query: str) -> Iterator[Iterator[dict[str, Any]]]:
        """What is told of executions and builds from now on, as `/_emulator/logs` tells it.

        An empty entry comes whenever nothing was told for `patience`, at most 5 seconds: look then
        whether something was missed. Raises Silent when the emulator stops.
        """
        path = f"/_emulator/logs?{urlencode({'format': 'json', **query})}"
        with ExitStack() as stack:
            reply = stack.enter_context(self._stream(path))
            yield self._entries(path, reply, stack)

    @contextmanager
    def told(self, **query: str) -> Iterator[Iterator[dict[str, Any]]]:
        """What is told from now on, without a gap, until the emulator stops; what is empty in
        `query` is left out. Raises as `ask` does."""
        query = {"format": "json"} | {key: value for key, value in query.items() if value}
        patient = replace(self, patience=_FOREVER)
        path, headers = f"/_emulator/logs?{urlencode(query)}", {"x-appwrite-key": self.key}
        with patient._answered("GET", path, None, headers) as reply:
            if reply.status >= 400:
                self.value(Reply(reply.status, {}, reply.read()))
            reading = threading.Lock()  # nobody may close what another thread reads
            try:
                yield self._lines(reply, reading)
            finally:
                _hang_up(reply)
                with reading:
                    reply.close()

    def _lines(
        self, reply: http.client.HTTPResponse, reading: threading.Lock
    ) -> Iterator[dict[str, Any]]:
        while True:
            with self._explained(), reading:
                line = reply.readline()
            if not line.endswith(b"\n"):
                return
            yield json.loads(line)

    def project(self, wanted: str = "") -> str:
        """`wanted`, or else the emulator's own project. Raises as `ask` does."""
        try:
            return wanted or str(self.ask("GET", "/status")["project"])
        except Refused as exc:
            raise Refused(f"{exc} Or say which project you mean: --project ID", exc.type) from exc

    def _entries(
        self, path: str, reply: http.client.HTTPResponse, stack: ExitStack
    ) -> Iterator[dict[str, Any]]:
        while True:
            try:
                with self._explained():
                    line = reply.readline()
            except Silent as exc:
                if not isinstance(exc.__cause__, TimeoutError):
                    raise
                stack.close()
                reply = stack.enter_context(self._stream(path))
                yield {}
                continue
            if not line:
                raise Silent(f"the emulator at {self.address} has stopped")
            yield json.loads(line)

    @contextmanager
    def _stream(self, path: str) -> Iterator[http.client.HTTPResponse]:
        quiet = replace(self, patience=min(self.patience, _QUIET))
        with quiet._answered("GET", path, None, {"x-appwrite-key": self.key}) as reply:
            if reply.status >= 400:
                self.value(Reply(reply.status, {}, reply.read()))
            yield reply

    @contextmanager
    def _answered(
        self, method: str, path: str, body: Any, headers: Mapping[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        place = urlsplit(self.address).netloc
        connection = http.client.HTTPConnection(place, timeout=self.patience)
        try:
            with self._explained():
                connection.request(method, path, body, dict(headers))
                reply = connection.getresponse()
            yield reply
        finally:
            connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (OSError, http.client.HTTPException) as exc:
            raise Silent(
                f"no emulator answers at {self.address} ({exc}). Start one by appwrite-emulator "
                "start, or say where it is: --url URL"
            ) from exc

    def value(self, reply: Reply) -> Any:
        """The JSON of a reply. Raises Refused when it is an error, ConfigError when it is none."""
        try:
            value = json.loads(reply.body)
        except ValueError as exc:
            raise ConfigError(f"what answers at {self.address} is no emulator") from exc
        if reply.status >= 400:
            is_error = isinstance(value, dict)
            text = str(value.get("message", value)) if is_error else str(value)
            type = str(value.get("type", "")) if is_error else ""
            raise Refused(f"{text} {_HINTS.get(type, '')}".rstrip(), type)
        return value


def _hang_up(reply: http.client.HTTPResponse) -> None:
    """Let a thread that reads the reply come to its end: nobody could close it before."""
    if reply.fp is not None:
        with socket.socket(fileno=os.dup(reply.fileno())) as line, suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)


def _root(address: str) -> str:
    """The address without the path of the API."""
    root = address.rstrip("/").removesuffix("/v1")
    if root and not _is_address(root):
        raise ConfigError(
            f"{address!r} is no address of an emulator, which is like http://HOST:PORT"
        )
    return root


def _is_address(text: str) -> bool:
    try:
        place = urlsplit(text)
        return place.scheme == "http" and bool(place.hostname) and place.port != 0
    except ValueError:  # of the port
        return False
