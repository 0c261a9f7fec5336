"""How a deployment is run: the target and the environment, kept until a row behind it changes."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from ..builder import BuildRequest
from ..catalog import Launch
from ..errors import ApiError
from ..execution import context
from ..execution.executor import Target
from ..execution.inspection import Inspect
from ..models import Deployment, Function
from .functions import Functions
from .ground import Ground
from .keys import Keys
from .variables import Variables

_BUILD_MEMORY = 1024  # MB a build has at least


@dataclass(frozen=True, slots=True)
class Plan:
    """A function's deployment, ready to be executed."""

    function: Function
    deployment: Deployment
    target: Target
    host: str  # what the runtime is called by when the caller names no host
    authorization: str  # what the runtime's own server would ask for, "" in 1.6


class Plans:
    """The plan of each function that was executed; records are compared by identity."""

    def __init__(
        self,
        ground: Ground,
        functions: Functions,
        variables: Variables,
        keys: Keys,
        retire: Callable[[str], None],
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._variables = variables
        self.keys = keys
        self._retire = retire  # ends the workers of targets whose key starts with a text
        self._plans: dict[str, Plan] = {}
        self._local: dict[str, Mapping[str, str]] = {}  # by function; never stored
        self._parked: dict[str, Plan] = {}  # by function; a restore will want them again
        self.is_kept: Callable[[Function], bool] = lambda function: False
        """Whether a restore may bring a function back as it is."""
        self.inspect: Callable[[Function, Launch, Path], Awaitable[Inspect | None]] = _never
        """How a build of a function is inspected, if it is."""

    async def get(self, function: Function, deployment: Deployment) -> Plan:
        """The plan for running `deployment`, made anew only when a row behind it was written.

        Raises ApiError function_runtime_unsupported, and InterpreterMissing.
        """
        key = f"{function.project}/{function.id}"
        plan = self._plans.get(key)
        if plan and plan.function is function and plan.deployment is deployment:
            return plan
        plan = await self.make(function, deployment)
        stale, current = self._plans.get(key), self._functions.find(function.project, function.id)
        if stale and current and current.deployment_id != deployment.id:
            return plan  # for a call that came before another deployment was activated
        self._plans[key] = plan
        if stale and stale.target.key != plan.target.key:
            self._replace(key, stale)
        return plan

    def _replace(self, key: str, stale: Plan) -> None:
        """Let the workers of a plan end, unless a restore will want them again."""
        if self.is_kept(stale.function):
            self._parked.setdefault(key, stale)
        elif stale.target.key != self._parked.get(key, self._plans[key]).target.key:
            self._retire(stale.target.key)

    def on_epoch(self, project: str) -> None:
        """The state was put back: so are the plans that were there before others took their place,
        with their workers."""
        for key in [key for key in self._parked if not project or key.startswith(f"{project}/")]:
            parked, current = self._parked.pop(key), self._plans.get(key)
            is_other = current is not None and current.target.key != parked.target.key
            if current and is_other and not self.is_kept(current.function):
                self._retire(current.target.key)
            self._plans[key] = parked

    def remember(self) -> Callable[[], None]:
        """Keeps the variables that are laid over as they are now; what puts them back."""
        local = dict(self._local)

        def put_back() -> None:
            for key in self._local.keys() | local.keys():
                if self._local.get(key) != local.get(key):
                    self._plans.pop(key, None)
            self._local = dict(local)

        return put_back

    def lay_over(self, function: Function, local: Mapping[str, str]) -> bool:
        """Let `local` variables win over the function's stored ones, as long as the emulator
        runs; whether that changes anything."""
        key = f"{function.project}/{function.id}"
        if self._local.get(key, {}) == local:
            return False
        self._local[key] = local
        if stale := self._plans.pop(key, None):
            self._retire(stale.target.key)
        return True

    def laid_over(self, function: Function) -> Mapping[str, str]:
        """The variables that win over the function's stored ones."""
        return self._local.get(f"{function.project}/{function.id}", {})

    def retire(self, deployment: Deployment) -> None:
        """Let the workers of a deployment end after what they are doing, and forget its plan."""
        key = f"{deployment.project}/{deployment.resource_id}"
        if (plan := self._plans.get(key)) and plan.deployment.id == deployment.id:
            del self._plans[key]
        self._retire(f"{deployment.project}/{deployment.id}/")

    async def make(self, function: Function, deployment: Deployment) -> Plan:
        """The plan for running `deployment`, not kept. Raises what `get` raises."""
        ground = self._ground
        subject = self.subject(function, deployment, size=function.runtime_specification)
        launch = await ground.catalog.launch(subject.runtime.id, ground.probe)
        secret = self.secret(deployment)
        env = context.environment(subject, self.user_variables(function), secret=secret)
        build = ground.files.build(deployment.build)
        digest = hashlib.sha256(json.dumps([env, launch.argv]).encode()).hexdigest()[:16]
        target = Target(
            key=f"{function.project}/{deployment.id}/{digest}",
            launch=launch,
            folder=build,
            entrypoint=deployment.entrypoint,
            env=env,
            memory=subject.specification.memory,
            inspect=await self.inspect(function, launch, build),
        )
        is_old = ground.config.appwrite == "1.6"
        domain = urlsplit(ground.endpoint).hostname or ""
        host = domain if is_old else f"{function.project}-{deployment.id}:3000"
        authorization = "" if is_old else context.credentials(secret)
        return Plan(function, deployment, target, host, authorization)

    async def build_request(self, function: Function, deployment: Deployment) -> BuildRequest:
        """How the deployment is built.

        Raises ApiError function_runtime_unsupported, and InterpreterMissing.
        """
        ground = self._ground
        subject = self.subject(function, deployment, size=function.build_specification)
        launch = await ground.catalog.launch(subject.runtime.id, ground.probe)
        memory = max(subject.specification.memory, _BUILD_MEMORY)
        subject = replace(subject, specification=replace(subject.specification, memory=memory))
        timeout = ground.config.build_timeout
        env = context.environment(
            subject,
            self.user_variables(function),
            secret=self.secret(deployment),
            build_key=self.keys.issue(function, seconds=timeout),
        )
        return BuildRequest(
            archive=None if deployment.fingerprint else ground.files.source(deployment.source),
            folder=ground.files.build(deployment.build),
            launch=launch,
            entrypoint=deployment.entrypoint,
            commands=deployment.commands,
            env=env,
            era=ground.config.appwrite,
            memory=memory,
            timeout=timeout,
            max_size=ground.config.build_size_limit,
        )

    def subject(self, function: Function, deployment: Deployment, *, size: str) -> context.Subject:
        """What environment and headers are computed from; `size` is a specification's slug."""
        id = deployment.runtime or function.runtime
        catalog, config = self._ground.catalog, self._ground.config
        runtime = catalog.runtime(id)
        if runtime is None:
            raise ApiError("function_runtime_unsupported", f'Runtime "{id}" is not supported')
        sizes = {s.slug: s for s in catalog.specifications()}
        return context.Subject(
            function, deployment, runtime, sizes[size], self._ground.endpoint, config.appwrite
        )

    def user_variables(self, function: Function) -> dict[str, str]:
        """The variables that the function's owner has given it."""
        stored = {variable.key: variable.value for variable in self._variables.of(function)}
        return {**stored, **self.laid_over(function)}

    def secret(self, deployment: Deployment) -> str:
        """The runtime secret of a deployment: the same at every start, and nobody else's."""
        return hmac.new(self._ground.secret, deployment.id.encode(), "sha256").hexdigest()[:32]


async def _never(function: Function, launch: Launch, build: Path) -> Inspect | None:
    return None
