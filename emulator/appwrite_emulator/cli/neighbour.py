"""Who else answers at an address where an emulator wants to listen."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from typing import Any

from ..addresses import url

_PATIENCE = 1.0  # seconds
_MOST = 1_000_000  # bytes of a reply that are read


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Whoever answers; `status` is what an emulator tells, empty when it keeps that for keys."""

    is_emulator: bool
    status: dict[str, Any]
    server: str = ""  # how a program that is no emulator calls itself

    def __str__(self) -> str:
        if not self.is_emulator:
            return f"something else answers ({self.server or 'it does not say what'})"
        if not self.status:
            return "an emulator answers, which wants a key"
        state = self.status["state"]["file"] or "in memory"
        return (
            f'an emulator answers: project "{self.status["project"]}", pid '
            f"{self.status['pid']}, state {state}"
        )


def who_answers(host: str, port: int, key: str = "") -> Neighbour | None:
    """Ask at the address; None when nobody answers in HTTP. Blocking, at most a second or two."""
    address = url(host, port).removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=_PATIENCE)
    try:
        connection.request("GET", "/_emulator/status", headers={"X-Appwrite-Key": key})
        reply = connection.getresponse()
        text, server = reply.read(_MOST), reply.getheader("server", "")
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return _judge(text, server)


def _judge(text: bytes, server: str) -> Neighbour:
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if isinstance(value, dict):
        if {"project", "pid", "state"} <= value.keys():
            return Neighbour(True, value)
        if str(value.get("type", "")).startswith("emulator_"):
            return Neighbour(True, {})
    return Neighbour(False, {}, server)
