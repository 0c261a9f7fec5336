"""The door that shows webhooks: what they are told of, their keys, and how it went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..services.webhooks import Webhooks
from .app import CONTROL
from .control_params import read_params
from .reply import Reply, json_reply
from .request import Request
from .route import Route


@dataclass(frozen=True, slots=True)
class WebhookDoors:
    """Tell of the webhooks that were declared."""

    webhooks: Webhooks

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/webhooks", self.list)

    async def list(self, request: Request) -> Reply:
        await read_params(request)
        found = [state.to_json() for state in self.webhooks.states()]
        return json_reply({"total": len(found), "webhooks": found}, 200)
