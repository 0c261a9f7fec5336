"""Environments: which variables a function gets when it runs, and where each comes from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import NamedTuple

from ..errors import ApiError
from ..execution import context
from ..models import Function
from ..project_file import Entry
from .deployments import Deployments
from .functions import Functions
from .plans import Plans
from .variables import Variables

_SECRET = re.compile(r"SECRET|KEY|TOKEN|PASS(WORD|WD|PHRASE)|CREDENTIAL", re.IGNORECASE)
_MARK = "\0"  # no variable can have this value


class Origin(StrEnum):
    """Where a variable comes from; of several the later one wins."""

    STORED = "stored"  # set through the API
    PROJECT_FILE = "project file"  # stored too, as the project file says
    ENV_FILE = ".env"  # of the function's folder, on this machine only
    APPWRITE = "appwrite"  # what the platform tells every function


class Given(NamedTuple):
    """A variable as the function gets it."""

    key: str
    value: str
    origin: Origin
    hidden: tuple[Origin, ...]  # the others that have it, in vain
    is_secret: bool

    def to_json(self, *, values: bool) -> dict[str, object]:
        """Without `values` the value of a secret is null."""
        return {
            "key": self.key,
            "value": self.value if values or not self.is_secret else None,
            "secret": self.is_secret,
            "source": str(self.origin),
            "hides": [str(each) for each in self.hidden],
        }


class Environment(NamedTuple):
    """The variables of a function that it gets, or would get with an active deployment."""

    function: Function
    variables: tuple[Given, ...]

    def to_json(self, *, values: bool) -> dict[str, object]:
        return {
            "project": self.function.project,
            "functionId": self.function.id,
            "deploymentId": self.function.deployment_id,
            "total": len(self.variables),
            "variables": [each.to_json(values=values) for each in self.variables],
        }


class Environments:
    """Tells of each function what it gets."""

    def __init__(
        self,
        functions: Functions,
        variables: Variables,
        deployments: Deployments,
        plans: Plans,
        project: str,
    ) -> None:
        self._functions = functions
        self._variables = variables
        self._deployments = deployments
        self._plans = plans
        self._project = project  # where functions are when no project is named
        self.entry_of: Callable[[str, str], Entry | None] = lambda project, id: None

    def of(self, function_id: str, project: str = "") -> Environment:
        """Raises ApiError: function_not_found, function_runtime_unsupported."""
        project = project or self._project
        function = self._functions.find(project, function_id)
        if function is None:
            raise ApiError("function_not_found", self._functions.unknown(project, function_id))
        given = self._plans.user_variables(function)
        told, own = self._told(function, given)
        origins = self._origins(function, given)
        secrets = {each.key for each in self._variables.of(function) if each.secret}
        found = []
        for key in sorted(told):
            first, *hidden = [Origin.APPWRITE] * (key in own) + origins.get(key, [])
            is_secret = key in secrets or Origin.ENV_FILE in (first, *hidden)
            is_secret = is_secret or _SECRET.search(key) is not None
            found.append(Given(key, told[key], first, tuple(hidden), is_secret))
        return Environment(function, tuple(found))

    def given(self, function: Function) -> Mapping[str, str]:
        """The variables that the function's owner has given it, stored or by a `.env`."""
        return self._plans.user_variables(function)

    def laid_over(self, function: Function) -> Mapping[str, str]:
        """The variables that win over the function's stored ones: those of its `.env`."""
        return self._plans.laid_over(function)

    def lay_over(self, function: Function, local: Mapping[str, str]) -> None:
        """Let other variables win over the stored ones from the next call on."""
        self._plans.lay_over(function, local)

    def _origins(self, function: Function, given: Mapping[str, str]) -> dict[str, list[Origin]]:
        """Who gives each variable that is not Appwrite's own, the one that wins first."""
        stored = {each.key: each.value for each in self._variables.of(function)}
        entry = self.entry_of(function.project, function.id)
        declared = dict(entry.variables) if entry else {}
        origins: dict[str, list[Origin]] = {}
        for key, value in given.items():
            origins[key] = [] if stored.get(key) == value else [Origin.ENV_FILE]
            if key in stored:
                is_declared = declared.get(key) == stored[key]
                origins[key].append(Origin.PROJECT_FILE if is_declared else Origin.STORED)
        return origins

    def _told(
        self, function: Function, given: Mapping[str, str]
    ) -> tuple[Mapping[str, str], frozenset[str]]:
        """All that the function gets, and the keys that are Appwrite's own."""
        active = self._deployments.find(function, function.deployment_id)
        if active is None:
            return given, frozenset()
        subject = self._plans.subject(function, active, size=function.runtime_specification)
        secret = self._plans.secret(active)
        told = context.environment(subject, given, secret=secret)
        marked = context.environment(subject, dict.fromkeys(given, _MARK), secret=secret)
        return told, frozenset(key for key in told if marked[key] != _MARK)
