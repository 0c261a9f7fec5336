"""The few calls of the API that a measurement needs beside executions, one after the other."""

from __future__ import annotations

import io
import json
import tarfile
import time
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

from . import functions
from .servers import Running

_PATIENCE = 60.0  # seconds for a build, or for what runs in the background
_BOUNDARY = "bench-boundary"


class Api:
    """A client with a key on one kept connection."""

    def __init__(self, server: Running) -> None:
        self._connection = HTTPConnection(server.host, server.port, timeout=_PATIENCE)
        self._headers = {name.replace("_", "-"): value for name, value in functions.HEADERS.items()}

    def call(self, method: str, path: str, body: bytes = b"", type: str = "") -> dict[str, Any]:
        """The JSON of the answer; ends the program when it is a refusal."""
        return self._ask(method, f"/v1{path}", body, type or "application/json")

    def control(self, method: str, path: str, **params: Any) -> dict[str, Any]:
        """The JSON of an answer of the control API; ends the program when it is a refusal."""
        body = json.dumps(params).encode()
        return self._ask(method, f"/_emulator{path}", body, "application/json")

    def _ask(self, method: str, path: str, body: bytes, type: str) -> dict[str, Any]:
        headers = self._headers | {"content-type": type}
        self._connection.request(method, path, body or None, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise SystemExit(f"{method} {path} was answered with {answer.status}: {text!r}")
        return dict(json.loads(text)) if text else {}

    def create_function(self, id: str, language: str) -> None:
        """A function in one of the languages, without code."""
        runtime, entrypoint = functions.RUNTIMES[language]
        wanted = {"functionId": id, "name": id, "runtime": runtime, "entrypoint": entrypoint}
        self.call("POST", "/functions", json.dumps(wanted).encode())

    def deploy(self, function: str, code: bytes) -> str:
        """Upload `code` and wait until it is built and active; the path of the deployment."""
        path = f"/functions/{function}/deployments"
        form = f"multipart/form-data; boundary={_BOUNDARY}"
        made = f"{path}/{self.call('POST', path, _form(code), form)['$id']}"
        self._wait(made, "status", "ready")
        return made

    def settle(self, function: str) -> None:
        """Wait until no execution of the function runs in the background."""
        query = {"method": "equal", "attribute": "status", "values": ["waiting", "processing"]}
        path = f"/functions/{function}/executions?queries[0]={quote(json.dumps(query))}"
        self._wait(path, "total", 0)

    def _wait(self, path: str, field: str, wanted: object) -> None:
        deadline = time.monotonic() + _PATIENCE
        while (found := self.call("GET", path))[field] != wanted:
            if found[field] == "failed" or time.monotonic() > deadline:
                raise SystemExit(f"{path}: {field} did not become {wanted!r}: {found!r}")
            time.sleep(0.01)


def archive(language: str, version: int) -> bytes:
    """Code for a function; no two versions are the same."""
    entrypoint = functions.RUNTIMES[language][1]
    files = {entrypoint: functions.SOURCES[language], "version.txt": str(version)}
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text.encode()))
    return packed.getvalue()


def _form(code: bytes) -> bytes:
    head = (
        f"--{_BOUNDARY}\r\ncontent-disposition: form-data; name=activate\r\n\r\ntrue\r\n"
        f"--{_BOUNDARY}\r\ncontent-disposition: form-data; name=code; filename=code.tar.gz\r\n\r\n"
    )
    return head.encode() + code + f"\r\n--{_BOUNDARY}--\r\n".encode()
