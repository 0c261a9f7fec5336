"""Standings: how each function is doing, in one look."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from ..models import Deployment, DeploymentStatus, Function, RuleType
from .deployments import Deployments
from .functions import Functions
from .ground import Ground
from .rules import Rules
from .schedules import Schedules


class State(StrEnum):
    """Whether a function answers, and if not what keeps it from it."""

    READY = "ready"  # its active deployment answers
    LOADING = "loading"  # so it does, and a change of its folder is on its way
    BROKEN = "broken"  # so it does, with older code than its folder has: that does not load
    BUILDING = "building"  # its first deployment is on its way
    FAILED = "failed"  # its newest deployment failed, and none is active
    EMPTY = "not deployed"  # nothing is active, nor on its way
    DISABLED = "disabled"  # it answers nobody


class Following(Protocol):
    """What is known of a folder that is followed."""

    @property
    def folder(self) -> Path: ...

    @property
    def state(self) -> str:
        """live, loading or broken."""
        ...

    @property
    def error(self) -> str: ...


class Standing(NamedTuple):
    """How one function is doing."""

    function: Function
    state: State
    deployment: Deployment | None  # the one that answers
    url: str  # where it answers as a website; empty without a domain
    next: str | None  # when it runs by itself
    folder: Path | None  # the one that is followed
    error: str  # why what the folder holds does not load

    def to_json(self) -> dict[str, Any]:
        function, deployment = self.function, self.deployment
        return {
            "project": function.project,
            "functionId": function.id,
            "name": function.name,
            "runtime": function.runtime,
            "state": str(self.state),
            "deployment": _told(deployment) if deployment else None,
            "url": self.url or None,
            "schedule": function.schedule or None,
            "next": self.next,
            "folder": str(self.folder) if self.folder else None,
            "error": self.error or None,
        }


class Standings:
    """Looks at functions; nothing is kept. `following` says which folder becomes a function."""

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        deployments: Deployments,
        rules: Rules,
        schedules: Schedules,
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._deployments = deployments
        self._rules = rules
        self._schedules = schedules
        self.following: Callable[[str, str], Following | None] = lambda project, id: None

    @property
    def builds(self) -> Path:
        """The folder that has a folder for each build: where code that runs lies."""
        return self._ground.files.build("x").parent

    def all(self, project: str = "") -> list[Standing]:
        """The functions of `project`, or of all, in creation order."""
        next = {
            (each.function.project, each.function.id): each.next
            for each in self._schedules.outlooks(project)
        }
        return [
            self._standing(function, next.get((function.project, function.id)))
            for function in self._functions.every(project)
        ]

    def _standing(self, function: Function, next: str | None) -> Standing:
        deployment = self._deployments.find(function, function.deployment_id)
        following = self.following(function.project, function.id)
        return Standing(
            function,
            state=_state(function, deployment, following),
            deployment=deployment,
            url=self._url(function),
            next=next,
            folder=following.folder if following else None,
            error=following.error if following else "",
        )

    def _url(self, function: Function) -> str:
        for rule in self._rules.of(function):
            if rule.type == RuleType.DEPLOYMENT:
                place = urlsplit(self._ground.endpoint)
                return f"{place.scheme}://{rule.domain}" + (f":{place.port}" if place.port else "")
        return ""


def _state(function: Function, deployment: Deployment | None, following: Following | None) -> State:
    if not function.enabled:
        return State.DISABLED
    if deployment is not None and deployment.status == DeploymentStatus.READY:
        followed = following.state if following else ""
        return {"loading": State.LOADING, "broken": State.BROKEN}.get(followed, State.READY)
    if not function.latest_deployment_status:
        return State.EMPTY
    latest = DeploymentStatus(function.latest_deployment_status)
    if not latest.is_final:
        return State.BUILDING
    return State.FAILED if latest is DeploymentStatus.FAILED else State.EMPTY


def _told(deployment: Deployment) -> dict[str, str]:
    return {
        "id": deployment.id,
        "type": str(deployment.type),
        "createdAt": deployment.created_at,
    }
