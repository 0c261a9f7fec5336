"""The doors that clients knock at first: who is there, in which version, and does it work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..config import Config
from ..errors import SERVER_VERSIONS, ApiError
from ..models import CONSOLE
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route


@dataclass(frozen=True, slots=True)
class HealthDoors:
    """Version, health and ping. Versions are told to everybody, without a project too."""

    config: Config

    def routes(self) -> Iterator[Route]:
        version = Operation("health.getVersion", model="healthVersion")
        yield Route("GET", "/v1/health/version", self.version, (), version)
        health = Operation("health.get", model="healthStatus")
        yield Route("GET", "/v1/health", self.health, ("health.read",), health)
        yield Route("GET", "/v1/ping", self.ping, (), Operation("ping.get"))
        versions = Operation("general.listVersions")
        yield Route("GET", "/versions", self.versions, (), versions)

    async def version(self, request: Request) -> Reply:
        return json_reply({"version": self._version}, 200)

    async def health(self, request: Request) -> Reply:
        return json_reply({"name": "http", "status": "pass", "ping": 0}, 200)

    async def ping(self, request: Request) -> Reply:
        if request.caller.project == CONSOLE:
            raise ApiError("project_not_found")
        return Reply(200, b"Pong!")

    async def versions(self, request: Request) -> Reply:
        return json_reply({"server": self._version}, 200)

    @property
    def _version(self) -> str:
        return SERVER_VERSIONS[self.config.appwrite]
