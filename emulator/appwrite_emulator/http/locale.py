"""The door of the locale: where a caller is, which nobody knows here."""

from __future__ import annotations

from collections.abc import Iterator

from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route


class LocaleDoors:
    """The caller's place. Source: Appwrite 1.6.2 and 1.9.6, for an address that is in no list."""

    def routes(self) -> Iterator[Route]:
        operation = Operation("locale.get", model="locale")
        yield Route("GET", "/v1/locale", self.get, ("locale.read",), operation)

    async def get(self, request: Request) -> Reply:
        place = {
            "ip": request.client_ip,
            "countryCode": "--",
            "country": "Unknown",
            "continentCode": "--",
            "continent": "Unknown",
            "eu": False,
            "currency": "",
        }
        return json_reply(place, 200)
