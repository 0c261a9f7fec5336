"""The doors of deployments whose code lies in a repository."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..models import Deployment
from ..repositories import Reference, ReferenceKind
from ..services.sources import Sources, Template
from . import render
from .body import read_body
from .deployments import EVENT, tell_deployment
from .functions import WRITE
from .params import Param, read
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import Boolean, Text, WhiteList

_ACTIVATE = Param("activate", Boolean(), False)
_TEMPLATE = (
    Param("repository", Text(128, 0)),
    Param("owner", Text(128, 0)),
    Param("rootDirectory", Text(128, 0)),
    Param("type", WhiteList(("commit", "branch", "tag"))),
    Param("reference", Text(128, 0)),
    _ACTIVATE,
)
_VCS = (
    Param("type", WhiteList(("branch", "commit"))),
    Param("reference", Text(255)),
    _ACTIVATE,
)
_FROM_TEMPLATE = Operation("functions.createTemplateDeployment", _TEMPLATE, 202, "deployment")
_FROM_VCS = Operation("functions.createVcsDeployment", _VCS, 202, "deployment")


@dataclass(frozen=True, slots=True)
class RepositoryDoors:
    """Deploy a template, or a branch or commit of the repository a function is connected to."""

    sources: Sources

    def routes(self) -> Iterator[Route]:
        all = "/v1/functions/{functionId}/deployments"
        for end, door, operation in (
            ("/template", self.from_template, _FROM_TEMPLATE),
            ("/vcs", self.from_vcs, _FROM_VCS),
        ):
            yield Route("POST", all + end, door, WRITE, operation, event=f"{EVENT}.create")

    async def from_template(self, request: Request) -> Reply:
        values = read(_TEMPLATE, _with_reference(await read_body(request)))
        template = Template(
            values["owner"], values["repository"], values["rootDirectory"], _reference(values)
        )
        deployment = await self.sources.deploy_template(
            request.caller.project,
            request.path_params["functionId"],
            template,
            activate=values["activate"],
        )
        return self._reply(deployment, request)

    async def from_vcs(self, request: Request) -> Reply:
        values = read(_VCS, await read_body(request))
        deployment = await self.sources.deploy_reference(
            request.caller.project,
            request.path_params["functionId"],
            _reference(values),
            activate=values["activate"],
        )
        return self._reply(deployment, request)

    def _reply(self, deployment: Deployment, request: Request) -> Reply:
        tell_deployment(deployment, request)
        return json_reply(render.deployment(deployment, request.format), 202)


def _reference(values: Mapping[str, Any]) -> Reference:
    return Reference(ReferenceKind(values["type"]), values["reference"])


def _with_reference(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Clients from before 1.9.0 say which tag by `version`."""
    version = body.get("version")
    return {**body, "type": "tag", "reference": version} if version else body
