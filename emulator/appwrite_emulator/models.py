"""The domain's records: what a row holds, and who is asking."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Self, get_origin, get_type_hints

Row = Mapping[str, Any]
Headers = tuple[tuple[str, str], ...]

CONSOLE = "console"
"""The project whose users are developers; it has no functions."""

_BEGAN = time.time_ns() - time.clock_gettime_ns(time.CLOCK_MONOTONIC)
"""When the machine's steady clock began, in nanoseconds since 1970."""

_SYSTEM_KEYS = {
    "id": "$id",
    "created_at": "$createdAt",
    "updated_at": "$updatedAt",
    "permissions": "$permissions",
    "sequence": "$sequence",
}


class DeploymentStatus(StrEnum):
    """Where a deployment's build stands; no edge leaves the last three."""

    WAITING = "waiting"  # accepted, or still being uploaded
    PROCESSING = "processing"  # picked up, the source is being unpacked
    BUILDING = "building"  # commands run, logs stream
    READY = "ready"  # the output can be executed
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def is_final(self) -> bool:
        return self in (self.READY, self.FAILED, self.CANCELED)


class DeploymentType(StrEnum):
    """How a deployment's source came to us."""

    MANUAL = "manual"
    CLI = "cli"
    VCS = "vcs"


class ExecutionStatus(StrEnum):
    """Where an execution stands."""

    WAITING = "waiting"  # accepted, not begun
    PROCESSING = "processing"  # user code runs
    COMPLETED = "completed"  # answered with a status below 500
    FAILED = "failed"  # answered with 500 or above, or could not run
    SCHEDULED = "scheduled"  # due at scheduledAt

    @property
    def is_final(self) -> bool:
        return self in (self.COMPLETED, self.FAILED)


class RuleType(StrEnum):
    """What answers at a rule's domain."""

    DEPLOYMENT = "deployment"  # a function
    REDIRECT = "redirect"
    API = "api"


class Trigger(StrEnum):
    """What caused an execution."""

    HTTP = "http"
    SCHEDULE = "schedule"
    EVENT = "event"


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


def row_key(attribute: str) -> str:
    """The key of a row that holds `attribute`: `function_id` is `functionId`, `id` is `$id`."""
    return _SYSTEM_KEYS.get(attribute) or _camel(attribute)


def attribute(key: str) -> str:
    """The attribute that a row's key names, the reverse of `row_key`."""
    return re.sub(r"[A-Z]", lambda match: "_" + match[0].lower(), key.removeprefix("$"))


class _Columns(NamedTuple):
    """The fields of a record class, and the row keys that hold them."""

    names: tuple[str, ...]
    keys: tuple[str, ...]
    values: Callable[[Any], tuple[Any, ...]]  # of a record, all at once
    lists: tuple[str, ...]  # keys that hold lists, which a record has as tuples


def _read_columns(kind: Any) -> _Columns:
    names = tuple(field.name for field in fields(kind))
    hints = get_type_hints(kind)
    lists = tuple(row_key(name) for name in names if get_origin(hints[name]) is tuple)
    return _Columns(names, tuple(map(row_key, names)), attrgetter(*names), lists)


_columns: Callable[[Any], _Columns] = cache(_read_columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every stored record has. Dates are texts as `clock.stamp` writes them."""

    table: ClassVar[str]

    id: str
    project: str
    created_at: str
    updated_at: str
    sequence: int = 0  # creation order within the table, from 1

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """The record of a stored row; keys that an older row lacks take their defaults."""
        columns = _columns(cls)
        pairs = zip(columns.names, columns.keys, strict=True)
        return cls(**{name: _frozen(row[key]) for name, key in pairs if key in row})

    def to_row(self) -> dict[str, Any]:
        """The row to store, with Appwrite's names as keys."""
        columns = _columns(type(self))
        row = dict(zip(columns.keys, columns.values(self), strict=True))
        for key in columns.lists:
            row[key] = _thawed(row[key])
        return row


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if type(value) is list else value


def _thawed(values: tuple[Any, ...]) -> list[Any]:
    return [_thawed(value) if type(value) is tuple else value for value in values]


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Record):
    """A function: its settings and which deployment answers its calls."""

    table: ClassVar[str] = "functions"

    name: str
    runtime: str
    execute: tuple[str, ...] = ()
    enabled: bool = True
    live: bool = True
    logging: bool = True
    deployment_retention: int = 0  # days, 0 = for ever
    deployment_id: str = ""
    deployment_created_at: str = ""
    latest_deployment_id: str = ""
    latest_deployment_created_at: str = ""
    latest_deployment_status: str = ""
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    schedule: str = ""
    timeout: int = 15  # seconds
    entrypoint: str = ""
    commands: str = ""
    version: str = "v5"
    installation_id: str = ""
    provider_repository_id: str = ""
    provider_branch: str = ""
    provider_root_directory: str = ""
    provider_silent_mode: bool = False
    provider_branches: tuple[str, ...] = ()
    provider_paths: tuple[str, ...] = ()
    build_specification: str = "s-1vcpu-512mb"
    runtime_specification: str = "s-1vcpu-512mb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Record):
    """An environment variable of a function."""

    table: ClassVar[str] = "variables"

    key: str
    value: str
    secret: bool = False
    resource_type: str = "function"
    resource_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Record):
    """One uploaded source of a function, with the state and output of its build."""

    table: ClassVar[str] = "deployments"

    type: str = DeploymentType.MANUAL
    resource_id: str = ""
    resource_type: str = "functions"
    entrypoint: str = ""
    commands: str = ""
    runtime: str = ""  # the runtime it was built for, which goes on running it
    source_size: int = 0  # bytes of the uploaded archive
    build_size: int = 0  # unpacked bytes of the build output
    total_size: int = 0  # both together
    build_id: str = ""
    activate: bool = False  # activate when ready; not "is active"
    received: tuple[tuple[int, int], ...] = ()  # byte ranges [start, end) of a chunked upload
    status: str = DeploymentStatus.WAITING
    build_logs: str = ""
    build_started_at: str = ""
    build_ended_at: str = ""
    build_duration: int = 0  # whole seconds, rounded up
    source: str = ""  # name of the archive in Files; empty while it is being uploaded
    build: str = ""  # name of the folder below builds/; empty until there is one
    install: str = ""  # name of the folder below builds/ that `build` links its dependencies from
    fingerprint: str = ""  # of the folder it is a copy of; empty for what was sent to us
    wanted: tuple[tuple[str, ...], ...] = ()  # orders for the source, until it is here
    provider_repository_id: str = ""
    provider_root_directory: str = ""
    provider_repository_name: str = ""
    provider_repository_owner: str = ""
    provider_repository_url: str = ""
    provider_branch: str = ""
    provider_branch_url: str = ""
    provider_commit_hash: str = ""
    provider_commit_author_url: str = ""
    provider_commit_author: str = ""
    provider_commit_message: str = ""
    provider_commit_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution(Record):
    """One run of a function."""

    table: ClassVar[str] = "executions"

    permissions: tuple[str, ...] = ()
    function_id: str
    deployment_id: str = ""
    trigger: str = Trigger.HTTP
    status: str = ExecutionStatus.WAITING
    request_method: str = "POST"
    request_path: str = "/"
    request_headers: Headers = ()
    response_status_code: int = 0
    response_headers: Headers = ()
    logs: str = ""
    errors: str = ""
    logs_file: str = ""  # name in Files when the logs are too long for the row
    errors_file: str = ""
    duration: float = 0.0  # seconds
    scheduled_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand(Record):
    """What an execution that nobody waits for is to be called with, beyond what its row tells.

    It has the execution's id, and goes when that begins.
    """

    table: ClassVar[str] = "errands"

    headers: Headers = ()  # all of them
    body: str = ""  # one character for each byte
    body_file: str = ""  # name in Files when the body is too long for the row
    client_ip: str = ""
    event: str = ""
    user_id: str = ""
    home: str = ""  # the project whose user he is; empty when the run gets no token of his
    session_id: str = ""  # empty for a token without a session
    depth: int = 0  # how many events, each caused by the one before, led to it


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Record):
    """A host name and what answers there: a function, or a redirect to another address."""

    table: ClassVar[str] = "rules"

    domain: str  # lower case; unique over all projects
    type: str = RuleType.DEPLOYMENT
    trigger: str = "manual"
    redirect_url: str = ""
    redirect_status_code: int = 301
    function_id: str = ""  # its active deployment answers
    branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Record):
    """A project that was made through the API; it lies in project `console`, as its teams do."""

    table: ClassVar[str] = "projects"

    name: str
    team_id: str = ""
    profile: dict[str, str] | None = None  # texts about it: description, url, legalName, ...


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the roles that permissions are matched against, and the scopes granted."""

    project: str
    roles: tuple[str, ...] = ("any", "guests")
    scopes: frozenset[str] | None = frozenset()  # None: every scope
    is_privileged: bool = False  # an API key or a console admin: permissions do not apply
    user_id: str = ""
    session_id: str = ""  # empty for a user who came with a token
    name: str = "User"  # how scope errors name the caller
    is_blocked: bool = False
    is_fallback: bool = False  # the session came in the header for those without cookies
    is_lasting: bool = False  # the same headers name the same caller for ever
    depth: int = 0  # how many events, each caused by the one before, led to the call
    function_id: str = ""  # the function or build that calls with the key it was given

    @property
    def home(self) -> str:
        """The project whose user the caller is: developers are at home in the console."""
        return CONSOLE if self.is_privileged else self.project

    def has_scope(self, *wanted: str) -> bool:
        """Whether one of `wanted` was granted; `execution.*` and `executions.*` are the same."""
        if self.scopes is None:
            return True
        return any(scope in self.scopes for scope in wanted)


def unique_id() -> str:
    """A new id as Appwrite makes them: 20 hex digits, 13 of time and 7 random.

    Programs that embed us may hold the time still and seed `random` again and again: neither is
    asked, so that ids stay different and nobody else's numbers change.
    """
    passed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    seconds, rest = divmod((_BEGAN + passed) // 1000, 1_000_000)
    chance = hash(b"%d" % passed) & 0xFFFFFFF  # other in each process, and free of system calls
    return f"{seconds & 0xFFFFFFFF:08x}{rest:05x}{chance:07x}"
