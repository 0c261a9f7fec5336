"""What no route is for: services of Appwrite that are not emulated, and paths nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ApiError
from ..services.stubs import Stubs
from .reply import Reply
from .request import Request
from .route import Route
from .stubbing import call_of

# Source: Appwrite 1.6.2, 1.9.6 and the line after it. Functions are not among them: their routes
# are all here, so what is left over is none of Appwrite's.
_SERVICES = frozenset({
    "account", "activities", "advisor", "apps", "assistant", "avatars", "backups", "console",
    "databases", "documentsdb", "domains", "graphql", "health", "keys", "locale", "messaging",
    "migrations", "mock", "oauth2", "organization", "organizations", "platforms", "presences",
    "project", "projects", "proxy", "reports", "sites", "storage", "tablesdb", "teams", "tokens",
    "users", "vcs", "vectorsdb", "webhooks",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Says what cannot be had here, and what can. `routes` are those that are served.

    Tests see each call of Appwrite's API that comes here, and which stubs it almost met.
    """

    routes: Sequence[Route]
    stubs: Stubs

    async def answer(self, request: Request) -> Reply:
        """Raises ApiError emulator_service_not_emulated, general_route_not_found."""
        path = request.scope["path"]
        service = _service(path)
        near = await self._missed(request) if service else ""
        if service not in _SERVICES:
            raise ApiError("general_route_not_found")
        message = (
            f"This emulator does not serve {request.method} {path}. {near}"
            "Declare a stub for this call in your tests, or send it to an Appwrite server. "
            f"{self._instead(service)}"
        )
        raise ApiError("emulator_service_not_emulated", message)

    async def _missed(self, request: Request) -> str:
        """The stubs that are near: of a long message readers may see the beginning only."""
        if not request.caller.project:
            return ""
        hint = self.stubs.missed(await call_of(request, request.caller, self.stubs)).hint
        return f"{hint} " if hint else ""

    def _instead(self, service: str) -> str:
        """What there is of the service, or else of the others."""
        own = [f"{route.method} {route.path}" for route in self.routes if _is_of(route, service)]
        if own:
            return f"Of Appwrite's service {service!r} there is: {', '.join(own)}."
        served = sorted({_service(route.path) for route in self.routes} - {""})
        return f"Appwrite's service {service!r} is not emulated; there is: {', '.join(served)}."


def _service(path: str) -> str:
    """The service a path belongs to; empty outside /v1."""
    match path.split("/"):
        case ["", "v1", service, *_]:
            return service
    return ""


def _is_of(route: Route, service: str) -> bool:
    return _service(route.path) == service
