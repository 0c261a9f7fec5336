"""The doors of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalog import Catalog
from ..config import Config
from ..models import Function, Variable
from ..repositories import Reference, ReferenceKind
from ..services import functions as service
from ..services.functions import Functions
from ..services.rules import Rules
from ..services.sources import Sources, Template
from ..services.variables import Variables
from . import render
from .body import read_body
from .listing import LIST, read_listing
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request, Version, era_of
from .roles import Roles
from .route import Operation, Route
from .rules import tell_rule
from .validators import (
    ArrayOf,
    Boolean,
    Cron,
    CustomId,
    FunctionEvent,
    Range,
    Specification,
    Text,
    WhiteList,
    scopes,
)

READ, WRITE = ("functions.read",), ("functions.write",)

_LISTS = Operation("functions.list", LIST, model="functionList")
_GETS = Operation("functions.get", model="function")
_DELETES = Operation("functions.delete", status=204)
# What was run for each family before clients could say it. Source: Appwrite 1.9.6.
_COMMANDS = {
    "node": "npm install",
    "python": "pip install --no-cache-dir -r requirements.txt",
    "dart": "dart pub get",
    "php": "composer update --no-interaction --ignore-platform-reqs --optimize-autoloader "
    "--prefer-dist --no-dev",
    "ruby": "bundle install",
    "swift": "swift package resolve",
    "dotnet": "dotnet restore",
}

_TEMPLATE = (
    Param("templateRepository", Text(128, 0), ""),
    Param("templateOwner", Text(128, 0), ""),
    Param("templateRootDirectory", Text(128, 0), ""),
    Param("templateVersion", Text(128, 0), ""),
)
_NO_SETTINGS = {"functionId", *[param.name for param in _TEMPLATE]}


@dataclass(frozen=True, slots=True)
class FunctionDoors:
    """Create, list, get, update and delete functions."""

    config: Config
    catalog: Catalog
    functions: Functions
    variables: Variables
    delete_function: Callable[[str, str], None]
    sources: Sources
    rules: Rules

    def routes(self) -> Iterator[Route]:
        path = "/v1/functions/{functionId}"
        event, all = "functions.[functionId]", "/v1/functions"
        yield Route("POST", all, self.create, WRITE, self._creates, event=f"{event}.create")
        yield Route("GET", all, self.list, READ, _LISTS)
        yield Route("GET", path, self.get, READ, _GETS)
        yield Route("PUT", path, self.update, WRITE, self._updates, event=f"{event}.update")
        yield Route("DELETE", path, self.delete, WRITE, _DELETES, event=f"{event}.delete")

    async def create(self, request: Request) -> Reply:
        body = _with_commands(await read_body(request), request)
        values = read(self._creates(request.format).params, body)
        template = _template(values)
        settings = {name: values[name] for name in values if name not in _NO_SETTINGS}
        function = self.functions.create(
            request.caller.project,
            values["functionId"],
            settings,
            era=request.era,
        )
        if self._is_deployed_at_once(request):
            function = await self.sources.deploy_new(function, template)
        self._tell_domain(function, request)
        _tell(function, self.variables.of(function), request)
        return json_reply(self._wire(function, request), 201)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES)
        found, total = self.functions.page(request.caller.project, listing)
        items = [self._wire(function, request, in_list=True) for function in found]
        return json_reply(render.listing("functions", items, total), 200)

    async def get(self, request: Request) -> Reply:
        function = self.functions.get(request.caller.project, request.path_params["functionId"])
        return json_reply(self._wire(function, request), 200)

    async def update(self, request: Request) -> Reply:
        body = _with_commands(await read_body(request), request)
        values = read(self._updates(request.format).params, body)
        function = await self.sources.update(
            request.caller.project,
            request.path_params["functionId"],
            values,
            given=values.given,
        )
        _tell(function, self.variables.of(function), request)
        return json_reply(self._wire(function, request), 200)

    async def delete(self, request: Request) -> Reply:
        function = self.functions.get(request.caller.project, request.path_params["functionId"])
        variables = self.variables.of(function)
        self.delete_function(function.project, function.id)
        _tell(function, variables, request)
        return Reply(204)

    def _tell_domain(self, function: Function, request: Request) -> None:
        """Of the rule of the domain that a new function has: Appwrite 1.6.2 does, 1.9.6 not."""
        if request.server == "1.6":
            for rule in self.rules.of(function):
                tell_rule(rule, self.rules, request, pattern="rules.[ruleId].create")

    def _wire(self, function: Function, request: Request, *, in_list: bool = False) -> render.Wire:
        format = request.format
        runs = self.functions.runs(function) if format < (1, 4, 0) else ("", "")
        variables = self.variables.of(function)
        return render.function(function, variables, format, runs=runs, in_list=in_list)

    def _is_deployed_at_once(self, request: Request) -> bool:
        """Whether a new function's repository or template is deployed: the way before 1.7.0."""
        return self.config.appwrite == "1.6" or request.is_older((1, 7, 0))

    def _creates(self, format: Version) -> Operation:
        params = (
            Param("functionId", CustomId()),
            Param("name", Text(128)),
            Param("runtime", self._runtime()),
            *self._settings(format, default_size=_default_size(format)),
            *_TEMPLATE,
        )
        return Operation("functions.create", params, 201, "function")

    def _updates(self, format: Version) -> Operation:
        params = (
            Param("name", Text(128)),
            Param("runtime", self._runtime(), None),
            *self._settings(format, default_size=None),
        )
        return Operation("functions.update", params, model="function")

    def _runtime(self) -> WhiteList:
        known = dict.fromkeys(
            runtime.id
            for era in (self.config.appwrite, "1.9", "1.6")
            for runtime in self.catalog.runtimes(era)
        )
        return WhiteList(tuple(known))

    def _settings(self, format: Version, *, default_size: str | None) -> tuple[Param, ...]:
        size = Specification([each.slug for each in self.catalog.specifications()])
        return (
            Param("execute", Roles(era=era_of(format)), ()),
            Param("events", ArrayOf(FunctionEvent()), ()),
            Param("schedule", Cron(), ""),
            Param("timeout", Range(1, self.config.function_timeout), 15),
            Param("enabled", Boolean(), True),
            Param("logging", Boolean(), True),
            Param("entrypoint", Text(1028, 0), ""),
            Param("commands", Text(8192, 0), ""),
            Param("scopes", scopes(), ()),
            Param("installationId", Text(128, 0), ""),
            Param("providerRepositoryId", Text(128, 0), ""),
            Param("providerBranch", Text(128, 0), ""),
            Param("providerSilentMode", Boolean(), False),
            Param("providerRootDirectory", Text(128, 0), ""),
            Param("providerBranches", ArrayOf(Text(128)), ()),
            Param("providerPaths", ArrayOf(Text(128)), ()),
            Param("specification", size, None),
            Param("buildSpecification", size, default_size),
            Param("runtimeSpecification", size, default_size),
            Param("deploymentRetention", Range(0, 36500), 0),
        )


def _tell(function: Function, variables: Sequence[Variable], request: Request) -> None:
    request.happened(
        lambda format: render.function(function, variables, format), functionId=function.id
    )


def _template(values: Mapping[str, str]) -> Template | None:
    """The template that all four parameters together name."""
    repository, owner, root, version = (values[rule.name] for rule in _TEMPLATE)
    if not (owner and repository and root and version):
        return None
    return Template(owner, repository, root, Reference(ReferenceKind.TAG, version))


def _default_size(format: Version) -> str:
    """A function's size when none is given. Source: Appwrite 1.6.2 and 1.9.6."""
    return "s-1vcpu-512mb" if format < (1, 9, 0) else "s-8vcpu-8gb"


def _with_commands(body: Mapping[str, Any], request: Request) -> Mapping[str, Any]:
    """Clients from before 1.4.0 get the commands of their runtime's family, whatever they say."""
    if not request.is_older((1, 4, 0)):
        return body
    family = str(body.get("runtime")).partition("-")[0]
    return {**body, "commands": _COMMANDS.get(family, "")}
