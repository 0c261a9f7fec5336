"""Sources: deploy what lies in a repository, as a template or because a function is connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from anyio import to_thread

from ..config import Repository
from ..errors import ApiError
from ..models import Deployment, DeploymentType, Function
from ..repositories import Commit, Order, Reference, ReferenceKind, RepositoryUnavailable
from .deployments import Deployments, Draft
from .functions import Functions
from .ground import Ground

_LONGEST_MESSAGE = 255  # characters of a commit's message that are kept


@dataclass(frozen=True, slots=True)
class Template:
    """Code to begin with, in somebody's repository."""

    owner: str
    repository: str
    root: str
    reference: Reference

    @property
    def order(self) -> Order:
        return Order(self.owner, self.repository, *self.reference, self.root)


class Sources:
    """Makes deployments of code that is in repositories; builds bring it from there."""

    def __init__(self, ground: Ground, functions: Functions, deployments: Deployments) -> None:
        self._ground = ground
        self._functions = functions
        self._deployments = deployments

    async def deploy_template(
        self, project: str, function_id: str, template: Template, *, activate: bool
    ) -> Deployment:
        """Deploy a template; into a connected repository's code when the function has one.

        Raises ApiError function_not_found, provider_repository_not_found.
        """
        function = self._functions.get(project, function_id)
        if function.provider_repository_id:
            reference = _base(function, template)
            return await self._redeploy(function, reference, template=template, activate=activate)
        kind, name = template.reference
        url = _url(template.owner, template.repository)
        return self._deployments.order(
            function,
            _draft(function, activate=activate),
            [template.order],
            provider_repository_name=template.repository,
            provider_repository_owner=template.owner,
            provider_repository_url=url,
            provider_branch=name if kind is ReferenceKind.BRANCH else "",
            provider_branch_url=f"{url}/blob/{name}",
        )

    async def deploy_reference(
        self, project: str, function_id: str, reference: Reference, *, activate: bool
    ) -> Deployment:
        """Deploy a branch or commit of the repository that the function is connected to.

        Without one the deployment fails. Raises ApiError function_not_found,
        provider_repository_not_found.
        """
        function = self._functions.get(project, function_id)
        if not function.provider_repository_id:
            nowhere = Order("", "", *reference, "")
            branch = reference.name if reference.kind is ReferenceKind.BRANCH else ""
            draft = _draft(function, activate=activate)
            return self._deployments.order(function, draft, [nowhere], provider_branch=branch)
        return await self._redeploy(function, reference, activate=activate)

    async def deploy_new(self, function: Function, template: Template | None) -> Function:
        """Deploy a new function as Appwrite 1.6.2 does: from its repository, or from a template."""
        if function.provider_repository_id:
            reference = _base(function, template)
            await self._redeploy(function, reference, template=template, activate=True)
        elif template:
            draft = _draft(function, activate=True, type=DeploymentType.MANUAL)
            self._deployments.order(function, draft, [template.order])
        return self._functions.get(function.project, function.id)

    async def update(
        self, project: str, id: str, values: Mapping[str, Any], *, given: frozenset[str]
    ) -> Function:
        """Replace the function's settings, and deploy it when that connects it to a repository.

        Raises what Functions.update raises, and ApiError provider_repository_not_found.
        """
        before = self._functions.get(project, id)
        function = self._functions.update(project, id, values, given=given)
        if function.provider_repository_id and not before.provider_repository_id:
            await self._redeploy(function, _base(function, None), activate=True)
        return self._functions.get(project, id)

    async def _redeploy(
        self,
        function: Function,
        reference: Reference,
        *,
        template: Template | None = None,
        activate: bool,
    ) -> Deployment:
        """Deploy a state of the function's repository, with a template's files laid over it."""
        repository = self._require(function)
        epoch = self._ground.epochs.of(function.project)
        commit = await to_thread.run_sync(self._commit, repository, reference)
        self._deployments.require_epoch(function.project, epoch)
        function = self._functions.get(function.project, function.id)
        exact = Reference(ReferenceKind.COMMIT, commit.hash) if commit.hash else reference
        root = function.provider_root_directory
        orders = [Order(repository.owner, repository.name, *exact, root)]
        return self._deployments.order(
            function,
            _draft(function, activate=activate),
            [*orders, template.order] if template else orders,
            provider_repository_id=repository.id,
            provider_root_directory=root,
            **_provider(repository, reference, commit),
        )

    def _require(self, function: Function) -> Repository:
        id = function.provider_repository_id
        if (found := self._ground.repositories.find(id)) is None:
            raise ApiError("provider_repository_not_found")
        return found

    def _commit(self, repository: Repository, reference: Reference) -> Commit:
        """The commit, if there is one: the build will say why there is none."""
        try:
            return self._ground.repositories.commit(repository, reference)
        except RepositoryUnavailable:
            return Commit()


def _draft(
    function: Function, *, activate: bool, type: DeploymentType = DeploymentType.VCS
) -> Draft:
    return Draft(function.entrypoint, function.commands, activate, type)


def _base(function: Function, template: Template | None) -> Reference:
    """The state of its repository that a function is deployed from, or a template is laid over."""
    if template and template.reference.kind is ReferenceKind.BRANCH:
        return template.reference
    return Reference(ReferenceKind.BRANCH, function.provider_branch)


def _url(owner: str, name: str) -> str:
    return f"https://github.com/{owner}/{name}"


def _provider(repository: Repository, reference: Reference, commit: Commit) -> dict[str, str]:
    """What a deployment tells of where its code comes from. Source: Appwrite 1.9.6."""
    url = _url(repository.owner, repository.name)
    is_branch = reference.kind is ReferenceKind.BRANCH
    return {
        "provider_repository_name": repository.name,
        "provider_repository_owner": repository.owner,
        "provider_repository_url": url,
        "provider_branch": reference.name if is_branch else "",
        "provider_branch_url": f"{url}/tree/{reference.name}" if is_branch else "",
        "provider_commit_hash": commit.hash,
        "provider_commit_author": commit.author,
        "provider_commit_message": _shortened(commit.message),
        "provider_commit_url": f"{url}/commit/{commit.hash}" if commit.hash else "",
    }


def _shortened(message: str) -> str:
    if len(message) <= _LONGEST_MESSAGE:
        return message
    return message[: _LONGEST_MESSAGE - 3] + "..."
