"""Functions: create, read, update, delete, and which deployment is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import cron
from ..clock import stamp
from ..errors import ApiError, Era
from ..models import Caller, Deployment, Function, Row, attribute, unique_id
from ..near import meant
from ..query import Attribute
from .ground import Ground
from .records import Listing, Records
from .rules import Rules

ATTRIBUTES = {
    "name": Attribute("name", "string"),
    "enabled": Attribute("enabled", "bool"),
    "runtime": Attribute("runtime", "string"),
    "deployment": Attribute("deploymentId", "string"),
    "deploymentId": Attribute("deploymentId", "string"),
    "schedule": Attribute("schedule", "string"),
    "timeout": Attribute("timeout", "int"),
    "entrypoint": Attribute("entrypoint", "string"),
    "commands": Attribute("commands", "string"),
    "installationId": Attribute("installationId", "string"),
}

_NAMED = 10  # functions that a message names

# A change of one of these makes the active deployment differ from the settings.
_LIVE_SETTINGS = ("name", "entrypoint", "commands", "provider_root_directory", "runtime")
_REPOSITORY = (
    "installation_id", "provider_repository_id", "provider_branch", "provider_root_directory",
)  # fmt: skip
_VCS_MESSAGE = (
    "When connecting to VCS (Version Control System), you need to provide "
    '"installationId" and "providerBranch".'
)


class Functions:
    """The functions of all projects."""

    def __init__(self, ground: Ground, records: Records[Function], rules: Rules) -> None:
        self._ground = ground
        self._records = records
        self._rules = rules
        self.on_schedule: Callable[[Function], None] = lambda function: None
        """Called when it is to be decided anew whether, and when, a function runs by itself."""
        self.on_active: list[Callable[[Function], None]] = []
        """Called when another deployment answers a function's calls."""

    def create(self, project: str, id: str, values: Mapping[str, Any], *, era: Era) -> Function:
        """Store a new function with a domain. `values` has the API's parameter names.

        Raises ApiError: function_already_exists (1.9) or document_already_exists (1.6),
        installation_not_found, general_argument_invalid.
        """
        settings = _settings(values)
        self._check_repository(settings)
        id = unique_id() if id == "unique()" else id
        if self._records.get(project, id):
            taken = "function_already_exists" if era == "1.9" else "document_already_exists"
            raise ApiError(taken)
        function = Function(
            id=id,
            **self._records.born(project),
            version="v4" if era == "1.6" else "v5",
            **settings,
        )
        with self._ground.state.transaction():
            function = self._records.add(function)
            self._rules.give_domain(function)
        self.on_schedule(function)
        return function

    def get(self, project: str, id: str) -> Function:
        """The function. Raises ApiError function_not_found."""
        function = self._records.get(project, id)
        if function is None:
            raise ApiError("function_not_found")
        return function

    def unknown(self, project: str, id: str) -> str:
        """Why the project's function `id` is not found, and which may have been meant."""
        known = [each.id for each in self.every(project)]
        text = f"There is no function {id!r} in project {project!r}"
        if not known:
            return f"{text}: it has none. Create it, or name another project."
        more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        there_are = f"There are: {', '.join(known[:_NAMED])}{more}."
        return f"{text}. {meant(id, known) or there_are}"

    def is_there(self, function: Function) -> bool:
        """Whether the function was not deleted; one made anew under its id is another one."""
        current = self._records.get(function.project, function.id)
        return current is not None and current.sequence == function.sequence

    def get_for(self, caller: Caller, id: str) -> Function:
        """As `get`; a disabled function does not exist for callers without a key."""
        function = self.get(caller.project, id)
        if not function.enabled and not caller.is_privileged:
            raise ApiError("function_not_found")
        return function

    def page(self, project: str, listing: Listing) -> tuple[list[Function], int]:
        """One page of the project's functions, and how many match."""
        return self._records.page(listing, project)

    def update(
        self, project: str, id: str, values: Mapping[str, Any], *, given: frozenset[str]
    ) -> Function:
        """Replace the settings: what is not given goes back to its default.

        Kept although not given: runtime, entrypoint, the specifications, the repository's
        branches and paths, and, but for 1.6, the connected repository itself; an empty one
        disconnects. Raises ApiError: function_not_found, installation_not_found,
        general_argument_invalid.
        """
        function = self.get(project, id)
        settings = _settings(values)
        self._check_repository(settings)
        for name in _kept(settings, given):
            settings[name] = getattr(function, name)
        if function.provider_repository_id and not settings.get("provider_repository_id"):
            settings |= self._unconnected(function, is_asked="providerRepositoryId" in given)
        settings["live"] = all(settings[n] == getattr(function, n) for n in _LIVE_SETTINGS)
        function = self._records.change(function, **settings)
        self.on_schedule(function)
        return function

    def change(self, function: Function, **changes: Any) -> Function:
        """Store changes that the service itself makes."""
        return self._records.change(function, **changes)

    def note_variables(self, function: Function) -> Function:
        """The function's variables have changed: its deployment runs with others."""
        function = self._records.change(function, live=False)
        self.on_schedule(function)
        return function

    def activate(self, function: Function, deployment: Deployment, **changes: Any) -> Function:
        """Let `deployment` answer the function's calls from now on."""
        function = self._records.change(
            function,
            deployment_id=deployment.id,
            deployment_created_at=deployment.created_at,
            **changes,
        )
        self.on_schedule(function)
        for hear in self.on_active:
            hear(function)
        return function

    def note_latest(self, function: Function, latest: Deployment | None) -> Function:
        """Keep in the function's row what its newest deployment is and how it stands."""
        return self._records.change(
            function,
            latest_deployment_id=latest.id if latest else "",
            latest_deployment_created_at=latest.created_at if latest else "",
            latest_deployment_status=str(latest.status) if latest else "",
            updated_at=function.updated_at,
        )

    def delete(self, project: str, id: str, *, children: Callable[[Function], None]) -> None:
        """Delete the function; `children` deletes what belongs to it, in the same transaction."""
        function = self.get(project, id)
        with self._ground.state.transaction():
            children(function)
            self._records.remove([function])

    def _check_repository(self, settings: Mapping[str, Any]) -> None:
        """Raises ApiError installation_not_found, general_argument_invalid."""
        installation = settings.get("installation_id", "")
        if installation and not self._ground.repositories.has_installation(installation):
            raise ApiError("installation_not_found")
        is_complete = installation and settings.get("provider_branch")
        if settings.get("provider_repository_id") and not is_complete:
            raise ApiError("general_argument_invalid", _VCS_MESSAGE)

    def _unconnected(self, function: Function, *, is_asked: bool) -> dict[str, Any]:
        """The settings of a connected function whose update names no repository."""
        if is_asked:
            return {**dict.fromkeys(_REPOSITORY, ""), "provider_silent_mode": True}
        if self._ground.config.appwrite == "1.6":
            return {"installation_id": "", "provider_repository_id": ""}
        return {name: getattr(function, name) for name in _REPOSITORY}

    def runs(self, function: Function) -> tuple[str, str]:
        """The dates before and after now at which its schedule runs, empty without any."""
        schedule, now = cron.Schedule.parse(function.schedule), self._ground.clock.now()
        if schedule is None:
            return "", ""
        dates = (schedule.last_before(now), schedule.next_after(now))
        previous, following = ("" if date is None else stamp(date) for date in dates)
        return previous, following

    @property
    def changes(self) -> int:
        """Grows with every change of a function."""
        return self._records.changes

    def listening(self, project: str) -> list[Row]:
        """The rows of the project's functions that listen to events, the oldest first."""
        return [row for row in self._records.rows(project=project) if row.get("events")]

    def scheduled(self, project: str = "") -> list[Function]:
        """The functions of `project`, or of all, that have a schedule, in creation order."""
        rows = self._records.rows(**({"project": project} if project else {}))
        wanted = (row for row in rows if row.get("schedule"))
        found = (self._records.get(row["project"], row["$id"]) for row in wanted)
        return [function for function in found if function is not None]

    def find(self, project: str, id: str) -> Function | None:
        """The function, if it is there."""
        return self._records.get(project, id)

    def __len__(self) -> int:
        return len(self._records)

    def every(self, project: str = "") -> list[Function]:
        """The functions of `project`, or of all projects, in creation order."""
        return self._records.all(**({"project": project} if project else {}))


def _settings(values: Mapping[str, Any]) -> dict[str, Any]:
    settings = {attribute(name): value for name, value in values.items()}
    if (size := settings.pop("specification", None)) is not None:
        settings["build_specification"] = settings["runtime_specification"] = size
    return {name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()}


def _kept(settings: Mapping[str, Any], given: frozenset[str]) -> list[str]:
    names = {attribute(name) for name in given}
    sizes = {"build_specification", "runtime_specification"}
    kept = {"runtime", "provider_branches", "provider_paths"} - names
    if "specification" not in names:
        kept |= sizes - names
    if not settings.get("entrypoint"):
        kept.add("entrypoint")
    return sorted(kept)
