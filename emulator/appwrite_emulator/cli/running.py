"""A running emulator, found and called over HTTP by the commands that speak to one."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..config import Config, ConfigError, own_environment
from ..network import url
from ..state import holder
from .session import locate
from .whereabouts import Whereabouts

_PATIENCE = 3660.0  # seconds; what settles may take an hour


class Refused(ConfigError):
    """The emulator did not do what was asked; the text is its own."""


@dataclass(frozen=True, slots=True)
class Running:
    """Where an emulator answers, and the key to show it."""

    address: str  # such as http://127.0.0.1:9080
    key: str

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
