"""Models on the wire: complete in each era's shape, chosen by the wanted format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..catalog import Runtime, Specification
from ..models import Deployment, Execution, Function, Headers, Variable, row_key
from .request import Version

Wire = dict[str, Any]

_SYSTEM = ("id", "created_at", "updated_at")
_FUNCTION = (
    *_SYSTEM, "execute", "name", "enabled", "live", "logging", "runtime", "deployment_retention",
    "deployment_id", "deployment_created_at", "latest_deployment_id",
    "latest_deployment_created_at", "latest_deployment_status", "scopes", "vars", "events",
    "schedule", "timeout", "entrypoint", "commands", "version", "installation_id",
    "provider_repository_id", "provider_branch", "provider_root_directory",
    "provider_silent_mode", "provider_branches", "provider_paths", "build_specification",
    "runtime_specification",
)  # fmt: skip
_DEPLOYMENT = (
    *_SYSTEM, "type", "resource_id", "resource_type", "entrypoint", "source_size", "build_size",
    "total_size", "build_id", "activate", "screenshot_light", "screenshot_dark", "status",
    "build_logs", "build_duration", "provider_repository_name", "provider_repository_owner",
    "provider_repository_url", "provider_commit_hash", "provider_commit_author_url",
    "provider_commit_author", "provider_commit_message", "provider_commit_url",
    "provider_branch", "provider_branch_url",
)  # fmt: skip
_EXECUTION = (
    *_SYSTEM, "permissions", "function_id", "deployment_id", "trigger", "status",
    "request_method", "request_path", "request_headers", "response_status_code",
    "response_body", "response_headers", "logs", "errors", "duration", "scheduled_at",
)  # fmt: skip
_VARIABLE = (*_SYSTEM, "key", "value", "secret", "resource_type", "resource_id")


def _keyed(attributes: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, row_key(name)) for name in attributes)


_FUNCTION_KEYS = _keyed(_FUNCTION)
_DEPLOYMENT_KEYS = _keyed(_DEPLOYMENT)
_EXECUTION_KEYS = _keyed(_EXECUTION)
_VARIABLE_KEYS = _keyed(_VARIABLE)


def _pick(record: object, keys: tuple[tuple[str, str], ...], own: Wire) -> Wire:
    """The record's fields in Appwrite's order; `own` has those that are not as they are stored."""
    return {key: own[key] if key in own else getattr(record, name) for name, key in keys}


def function(
    record: Function, variables: Sequence[Variable], format: Version, *, in_list: bool = False
) -> Wire:
    """A function with its variables, whose secret values stay hidden."""
    own = {"vars": [variable(each, max(format, _NESTED)) for each in variables]}
    wire = _pick(record, _FUNCTION_KEYS, own)
    return _shaped(wire, max(format, _LISTED) if in_list else format, _FUNCTION_CHANGES)


def deployment(record: Deployment, format: Version) -> Wire:
    """A deployment."""
    own = {"screenshotLight": "", "screenshotDark": ""}
    return _shaped(_pick(record, _DEPLOYMENT_KEYS, own), format, _DEPLOYMENT_CHANGES)


def canceled(record: Deployment, format: Version) -> Wire:
    """A deployment whose build was canceled; for 1.6 also the fields of its Build model."""
    wire = deployment(record, format)
    if format >= (1, 7, 0):
        return wire
    build = {
        "deploymentId": record.id,
        "stdout": "",
        "stderr": "",
        "startTime": record.build_started_at or record.build_ended_at,
        "endTime": record.build_ended_at,
        "duration": record.build_duration,
        "size": record.build_size,
    }
    return wire | build


def execution(
    record: Execution,
    texts: tuple[str, str],
    format: Version,
    *,
    body: str = "",
    response_headers: Headers | None = None,
) -> Wire:
    """An execution; `texts` are its logs and errors. Body and all headers are for its creator."""
    answered = record.response_headers if response_headers is None else response_headers
    own = {
        "requestHeaders": headers(record.request_headers),
        "responseBody": body,
        "responseHeaders": headers(answered),
        "logs": texts[0],
        "errors": texts[1],
    }
    return _shaped(_pick(record, _EXECUTION_KEYS, own), format, _EXECUTION_CHANGES)


def variable(record: Variable, format: Version) -> Wire:
    """A variable; the value of a secret one is never shown."""
    own = {"value": ""} if record.secret else {}
    return _shaped(_pick(record, _VARIABLE_KEYS, own), format, _VARIABLE_CHANGES)


def runtime(record: Runtime) -> Wire:
    """A runtime."""
    return {
        "$id": record.id,
        "key": record.key,
        "name": record.name,
        "version": record.version,
        "base": record.base,
        "image": record.image,
        "logo": record.logo,
        "supports": record.supports,
    }


def specification(record: Specification) -> Wire:
    """A specification."""
    return {
        "memory": record.memory,
        "cpus": record.cpus,
        "enabled": record.enabled,
        "slug": record.slug,
    }


def listing(name: str, items: Iterable[Wire], total: int) -> Wire:
    """A list as all of Appwrite's are."""
    return {"total": total, name: list(items)}


def headers(pairs: Headers) -> list[dict[str, str]]:
    """Headers as a list of objects."""
    return [{"name": name, "value": value} for name, value in pairs]


@dataclass(frozen=True, slots=True)
class Change:
    """What a model looks like to clients of a format before, or from, some version."""

    version: Version
    apply: Callable[[Wire], None]
    is_for_newer: bool = False


# The filters for formats before 1.6.0 do not reach the items of lists; nested variables keep
# `secret` in every format.
_LISTED: Version = (1, 6, 0)
_NESTED: Version = (1, 7, 0)


def _shaped(wire: Wire, format: Version, changes: Sequence[Change]) -> Wire:
    """`wire` with every change that applies to `format`."""
    for change in changes:
        if (format >= change.version) is change.is_for_newer:
            change.apply(wire)
    return wire


def _without(*names: str) -> Callable[[Wire], None]:
    def drop(wire: Wire) -> None:
        for name in names:
            wire.pop(name, None)

    return drop


def _renamed(names: Mapping[str, str]) -> Callable[[Wire], None]:
    def rename(wire: Wire) -> None:
        for old, new in names.items():
            wire[new] = wire.pop(old)

    return rename


def _one_specification(wire: Wire) -> None:
    wire["specification"] = wire.pop("buildSpecification")
    wire.pop("runtimeSpecification")


def _one_build_output(wire: Wire) -> None:
    wire["size"] += wire.pop("buildSize")
    wire["buildStdout"] = wire.pop("buildLogs")
    wire["buildStderr"] = ""


def _with(**values: Any) -> Callable[[Wire], None]:
    def add(wire: Wire) -> None:
        wire.update(values)

    return add


def _add_resource(wire: Wire) -> None:
    """Executions belong to a resource since 2.0.0; the function's id is no harm beside it."""
    wire["resourceId"] = wire["functionId"]
    wire["resourceType"] = "functions"


# Source: response filters of Appwrite 1.9.6, and what typed SDKs of 2.0.0 and 2.5.0 require.
_FUNCTION_CHANGES = (
    Change((2, 5, 0), _with(description="", emailEnabled=False), is_for_newer=True),
    Change((1, 9, 0), _one_specification),
    Change(
        (1, 7, 0),
        _without(
            "deploymentCreatedAt",
            "latestDeploymentId",
            "latestDeploymentCreatedAt",
            "latestDeploymentStatus",
            "deploymentRetention",
            "providerBranches",
            "providerPaths",
        ),
    ),
    Change((1, 7, 0), _renamed({"deploymentId": "deployment"})),
    Change((1, 6, 0), _without("scopes", "specification")),
)
_DEPLOYMENT_CHANGES = (
    Change((1, 7, 0), _renamed({"sourceSize": "size", "buildDuration": "buildTime"})),
    Change((1, 7, 0), _without("totalSize", "screenshotLight", "screenshotDark")),
    Change((1, 4, 0), _one_build_output),
)
_EXECUTION_CHANGES = (
    Change((2, 0, 0), _add_resource, is_for_newer=True),
    Change((1, 7, 0), _without("deploymentId")),
    Change((1, 6, 0), _without("scheduledAt")),
    Change(
        (1, 4, 0),
        _renamed(
            {
                "responseStatusCode": "statusCode",
                "responseBody": "response",
                "logs": "stdout",
                "errors": "stderr",
            }
        ),
    ),
)
_VARIABLE_CHANGES = (
    Change((2, 5, 0), _with(description=""), is_for_newer=True),
    Change((1, 7, 0), _without("secret")),
    Change((1, 4, 0), _renamed({"resourceId": "functionId"})),
)
