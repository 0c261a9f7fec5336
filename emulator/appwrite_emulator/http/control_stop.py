"""The door that ends the emulator, where whoever runs it lets clients do that."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ..errors import ApiError
from .app import CONTROL
from .control_params import read_params
from .reply import Reply, json_reply
from .request import Request
from .route import Route


@dataclass(frozen=True, slots=True)
class StopDoor:
    """Ask for the end; the answer says which process will be gone."""

    stop: Callable[[], None] | None  # None: not a client's business

    def routes(self) -> Iterator[Route]:
        yield Route("POST", f"{CONTROL}/stop", self.end)

    async def end(self, request: Request) -> Reply:
        await read_params(request)
        if self.stop is None:
            text = f"This emulator is part of another program, pid {os.getpid()}, which ends it."
            raise ApiError("emulator_embedded", text)
        self.stop()
        return json_reply({"pid": os.getpid(), "host": socket.gethostname()}, 202)
