"""The doors of templates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..catalog import Catalog
from ..config import Config
from ..errors import ApiError, Era
from ..templates import USE_CASES, Template, Templates, TemplateVariable, matching
from . import render
from .functions import READ
from .params import Param, query_params, read
from .reply import Reply, json_reply
from .request import Request, Version
from .route import Operation, Route
from .validators import ArrayOf, Boolean, Range, Text, WhiteList

_OPEN = ("public", *READ)


@dataclass(frozen=True, slots=True)
class TemplateDoors:
    """List and get templates, for everybody who names a project."""

    config: Config
    catalog: Catalog
    templates: Templates

    def routes(self) -> Iterator[Route]:
        path = "/v1/functions/templates"
        yield Route("GET", path, self.list, _OPEN, self._lists)
        getting = Operation("functions.getTemplate", model="templateFunction")
        yield Route("GET", path + "/{templateId}", self.get, _OPEN, getting, Text(128))

    async def list(self, request: Request) -> Reply:
        values = read(self._rules(), query_params(request.query))
        known = self.templates.all(self._era)
        found = matching(known, values["runtimes"], values["useCases"])
        part = found[values["offset"] :][: values["limit"]]
        total = len(part if self._era == "1.6" else found) if values["total"] else 0
        items = [self._wire(template, request) for template in part]
        return json_reply(render.listing("templates", items, total), 200)

    async def get(self, request: Request) -> Reply:
        template = self.templates.get(self._era, request.path_params["templateId"])
        if template is None:
            raise ApiError("function_template_not_found")
        wire = self._wire(template, request)
        wire.pop("score", None)  # no field of the model: only the items of lists show it
        return json_reply(wire, 200)

    @property
    def _era(self) -> Era:
        return self.config.appwrite

    def _lists(self, _format: Version) -> Operation:
        # Asked for late: the catalog is not read before somebody calls.
        return Operation("functions.listTemplates", self._rules(), model="templateFunctionList")

    def _rules(self) -> tuple[Param, ...]:
        runtimes = tuple(runtime.id for runtime in self.catalog.runtimes(self._era))
        return (
            Param("runtimes", ArrayOf(WhiteList(runtimes)), ()),
            Param("useCases", ArrayOf(WhiteList(USE_CASES[self._era], loose=True)), ()),
            Param("limit", Range(1, 5000), 25),
            Param("offset", Range(0, 5000), 0),
            Param("total", Boolean(loose=True), True),
        )

    def _wire(self, record: Template, request: Request) -> render.Wire:
        is_old = request.is_older((1, 7, 0))
        wire = template(record, with_secret=not is_old)
        return wire | {"score": record.score} if self._era == "1.9" else wire


def template(record: Template, *, with_secret: bool) -> render.Wire:
    """A template, with or without what 1.9 says of its variables."""
    first = record.runtimes[0].root
    page = f"https://github.com/appwrite/templates/tree/main/{first}"
    return {
        "icon": record.icon,
        "id": record.id,
        "name": record.name,
        "tagline": record.tagline,
        "permissions": ["any"],
        "events": record.events,
        "cron": "",
        "timeout": record.timeout,
        "useCases": record.use_cases,
        "runtimes": [
            {
                "name": each.name,
                "commands": each.commands,
                "entrypoint": each.entrypoint,
                "providerRootDirectory": each.root,
            }
            for each in record.runtimes
        ],
        "instructions": f'How to use it is said <a href="{page}">beside its code</a>.',
        "vcsProvider": "github",
        "providerRepositoryId": "templates",
        "providerOwner": "appwrite",
        "providerVersion": record.version,
        "variables": [_variable(each, with_secret=with_secret) for each in record.variables],
        "scopes": record.scopes,
    }


def _variable(variable: TemplateVariable, *, with_secret: bool) -> render.Wire:
    return {
        "name": variable.name,
        "description": variable.description,
        "value": variable.value,
        **({"secret": False} if with_secret else {}),
        "placeholder": variable.placeholder,
        "required": variable.required,
        "type": variable.type,
    }
