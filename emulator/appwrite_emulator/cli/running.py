"""A running emulator, found and called over HTTP by the commands that speak to one."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import click

from ..config import Config, ConfigError, own_environment
from ..emulator import FOLDER
from ..network import url
from ..state import holder
from .session import locate

F = TypeVar("F", bound=Callable[..., Any])

_PATIENCE = 3660.0  # seconds; what settles may take an hour


class Refused(ConfigError):
    """The emulator did not do what was asked; the text is its own."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where an emulator answers, and the key to show it."""

    address: str  # such as http://127.0.0.1:9080
    key: str

    @classmethod
    def find(cls, directory: Path | None, address: str | None, key: str | None) -> Running:
        """The emulator at `address`; else that of APPWRITE_ENDPOINT; else that which holds the
        state of the folder; else whoever listens where `start` would. Raises ConfigError."""
        environ = own_environment()
        folder, _ = locate(directory)
        config = Config.load(folder)
        state = config.state or folder / FOLDER / "state.json"
        known = config.keys[0].secret if config.keys else "local"
        return cls(
            _root(address or ("" if directory else environ.get("APPWRITE_ENDPOINT", "")))
            or holder(state).address
            or url(config.host, config.port),
            key or environ.get("APPWRITE_API_KEY") or known,
        )

    def ask(self, method: str, path: str, **params: Any) -> Any:
        """The JSON that the control API answers at `path`, below `/_emulator`.

        Raises ConfigError when nobody answers, Refused when the answer is an error.
        """
        try:
            status, text = self._send(method, f"/_emulator{path}", json.dumps(params))
        except (OSError, http.client.HTTPException) as exc:
            raise ConfigError(
                f"no emulator answers at {self.address} ({exc}). Start one by appwrite-emulator "
                "start, or say where it is: --url URL"
            ) from exc
        try:
            value = json.loads(text)
        except ValueError as exc:
            raise ConfigError(f"what answers at {self.address} is no emulator") from exc
        if status >= 400:
            raise Refused(str(value.get("message", value)))
        return value

    def _send(self, method: str, path: str, body: str) -> tuple[int, bytes]:
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
        headers = {"x-appwrite-key": self.key, "content-type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()


def _root(address: str) -> str:
    """The address without the path of the API."""
    address = address.rstrip("/").removesuffix("/v1")
    if address and not address.startswith("http://"):
        raise ConfigError(
            f"{address!r} is no address of an emulator, which is like http://HOST:PORT"
        )
    return address


def running_options(command: F) -> F:
    """The options --dir, --url and --key of commands that speak to a running emulator."""
    add_directory = click.option(
        "--dir",
        "directory",
        metavar="DIR",
        type=click.Path(path_type=Path),
        help="Folder of the project it serves. [default: the nearest upward with a project file]",
    )
    add_url = click.option(
        "--url",
        "address",
        metavar="URL",
        help="Where it answers. [default: $APPWRITE_ENDPOINT, else as DIR's state says]",
    )
    add_key = click.option(
        "--key",
        metavar="SECRET",
        help="Key to show it, if it wants one. [default: $APPWRITE_API_KEY, else the first one "
        "declared in DIR]",
    )
    return add_directory(add_url(add_key(command)))
