"""The doors that clients knock at first: who is there, in which version, and does it work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..config import Config
from ..errors import SERVER_VERSIONS, ApiError
from ..models import CONSOLE
from ..services.console import Console
from . import render_console
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route


@dataclass(frozen=True, slots=True)
class HealthDoors:
    """Version, health and ping. Versions are told to everybody, without a project too."""

    config: Config
    console: Console

    def routes(self) -> Iterator[Route]:
        version = Operation("health.getVersion", model="healthVersion")
        yield Route("GET", "/v1/health/version", self.version, (), version)
        health = Operation("health.get", model="healthStatus")
        yield Route("GET", "/v1/health", self.health, ("health.read",), health)
        pinged, event = Operation("ping.get"), "projects.[projectId].ping"
        yield Route("GET", "/v1/ping", self.ping, (), pinged, event=event)
        versions = Operation("general.listVersions")
        yield Route("GET", "/versions", self.versions, (), versions)

    async def version(self, request: Request) -> Reply:
        return json_reply({"version": self._version}, 200)

    async def health(self, request: Request) -> Reply:
        return json_reply({"name": "http", "status": "pass", "ping": 0}, 200)

    async def ping(self, request: Request) -> Reply:
        if request.caller.project == CONSOLE:
            raise ApiError("project_not_found")
        project = self.console.get(request.caller.project)
        request.happened(
            lambda format: render_console.project(project, ()), projectId=project.id
        )  # without the secrets of its keys
        return Reply(200, b"Pong!")

    async def versions(self, request: Request) -> Reply:
        return json_reply({"server": self._version}, 200)

    @property
    def _version(self) -> str:
        return SERVER_VERSIONS[self.config.appwrite]
