"""The doors that only the console and the command line use: projects and server variables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..config import Config
from ..errors import ApiError
from ..models import CONSOLE, Project
from ..services import console as service
from ..services.api_keys import ApiKeys
from ..services.console import Console
from . import render_console
from .body import read_body
from .listing import LIST, read_listing
from .params import Param, Params, read
from .render import Wire, listing
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import Pattern, Text, Uid, WhiteList

READ = ("projects.read",)
WRITE = ("projects.write",)

_PROJECT_ID = Pattern(
    r"unique\(\)|[a-z0-9][a-z0-9-]{1,35}",
    "Project IDs must contain at most 36 chars. Valid chars are a-z, 0-9, and hyphen. "
    "Can't start with a special char.",
)
_PROFILE = tuple(Param(name, Text(1024, 0), "") for name in render_console.PROFILE)
_NEW = (
    Param("projectId", _PROJECT_ID),
    Param("name", Text(128)),
    Param("teamId", Uid()),
    Param("region", WhiteList(("default",)), "default"),
    *_PROFILE,
)
_CHANGES = (Param("name", Text(128)), *_PROFILE)


@dataclass(frozen=True, slots=True)
class ConsoleDoors:
    """List, get and create projects; say how the server is set up."""

    config: Config
    console: Console
    api_keys: ApiKeys

    def routes(self) -> Iterator[Route]:
        all, one, ours = "/v1/projects", "/v1/projects/{projectId}", "/v1/organization/projects"
        variables = Operation("console.variables", model="consoleVariables")
        listed = Operation("projects.list", LIST, model="projectList")
        created = Operation("projects.create", _NEW, 201, "project")
        got = Operation("projects.get", model="project")
        updated = Operation("projects.update", _CHANGES, model="project")
        our_list = Operation("organization.listProjects", LIST, model="projectList")
        our_project = Operation("organization.getProject", model="project")
        own = Operation("project.get", model="project")
        yield Route("GET", "/v1/console/variables", self.variables, READ, variables)
        yield Route("GET", all, self.list, READ, listed)
        yield Route("POST", all, self.create, WRITE, created)
        yield Route("GET", one, self.get, READ, got)
        yield Route("PATCH", one, self.update, WRITE, updated)
        yield Route("GET", ours, self.list, READ, our_list)
        yield Route("GET", ours + "/{projectId}", self.get, READ, our_project)
        yield Route("GET", "/v1/project", self.get_own, ("project.read", *READ), own)

    async def variables(self, request: Request) -> Reply:
        require_console(request)
        era = request.era
        return json_reply(render_console.variables(self.config, era), 200)

    async def list(self, request: Request) -> Reply:
        require_console(request)
        wanted = read_listing(request, service.ATTRIBUTES)
        found, total = self.console.page(wanted)
        return json_reply(listing("projects", map(self._wire, found), total), 200)

    async def create(self, request: Request) -> Reply:
        require_console(request)
        values = read(_NEW, await read_body(request))
        id, team, profile = values["projectId"], values["teamId"], _profile(values)
        project = self.console.create(request.caller, id, team, values["name"], profile)
        return json_reply(self._wire(project), 201)

    async def get(self, request: Request) -> Reply:
        require_console(request)
        return json_reply(self._wire(self.console.get(request.path_params["projectId"])), 200)

    async def update(self, request: Request) -> Reply:
        require_console(request)
        values = read(_CHANGES, await read_body(request))
        id = request.path_params["projectId"]
        project = self.console.update(id, values["name"], _profile(values))
        return json_reply(self._wire(project), 200)

    async def get_own(self, request: Request) -> Reply:
        return json_reply(self._wire(self.console.get(request.caller.project)), 200)

    def _wire(self, project: Project) -> Wire:
        return render_console.project(project, self.api_keys.of(project.id))


def _profile(values: Params) -> dict[str, str]:
    return {name: values[name] for name in render_console.PROFILE}


def require_console(request: Request) -> None:
    """Raises ApiError general_access_forbidden for callers of a project other than the console."""
    if request.caller.project != CONSOLE:
        raise ApiError("general_access_forbidden")
