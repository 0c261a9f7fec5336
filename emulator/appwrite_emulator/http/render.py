"""Models on the wire: complete in each era's shape, chosen by the wanted format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from ..catalog import Runtime, Specification
from ..models import (
    Deployment,
    Execution,
    Function,
    Headers,
    Rule,
    RuleType,
    Variable,
    attribute,
)
from .request import Version

Wire = dict[str, Any]

_SYSTEM = "$id $createdAt $updatedAt"
_SETTINGS = f"{_SYSTEM} execute name enabled live logging runtime"
_DEPLOYED = (
    "deploymentRetention deploymentId deploymentCreatedAt latestDeploymentId "
    "latestDeploymentCreatedAt latestDeploymentStatus"
)
_MORE_SETTINGS = (
    "vars events schedule timeout entrypoint commands version installationId "
    "providerRepositoryId providerBranch providerRootDirectory providerSilentMode"
)
_FUNCTION_17 = f"{_SETTINGS} {_DEPLOYED} scopes {_MORE_SETTINGS} providerBranches providerPaths"
_SOURCE = f"{_SYSTEM} type resourceId resourceType entrypoint"
_REPOSITORY = "providerRepositoryName providerRepositoryOwner providerRepositoryUrl"
_COMMIT = (
    "providerCommitHash providerCommitAuthorUrl providerCommitAuthor providerCommitMessage "
    "providerCommitUrl"
)
_REQUEST = "trigger status requestMethod requestPath requestHeaders"
_RESPONSE = "responseStatusCode responseBody responseHeaders logs errors duration"
_EXECUTION_17 = f"{_SYSTEM} $permissions functionId deploymentId {_REQUEST} {_RESPONSE} scheduledAt"


class Shape(NamedTuple):
    """A model in one format: all its keys, and those whose values the record holds."""

    since: Version
    kind: type[Any]  # of the record
    empty: Wire
    stored: Mapping[str, str]  # keys and the record's attributes
    values: Callable[[object], tuple[Any, ...]]


def _shapes(kind: type[Any], texts: Mapping[Version, str]) -> tuple[Shape, ...]:
    """Fields by the first format that has them, newest first.

    A field is a key, or `key=attribute` when the record calls it otherwise.
    """
    return tuple(_shape(kind, version, texts[version].split()) for version in texts)


def _shape(kind: type[Any], since: Version, fields: Sequence[str]) -> Shape:
    parts = [field.partition("=") for field in fields]
    names = {key: name or attribute(key) for key, _, name in parts}
    stored = {key: name for key, name in names.items() if hasattr(kind, name)}
    return Shape(since, kind, dict.fromkeys(names), stored, attrgetter(*stored.values()))


# Source: models and response filters of Appwrite 1.6.2 and 1.9.6; for 2.0.0 and 2.5.0 what the
# typed SDKs of these formats require.
_FUNCTION = _shapes(
    Function,
    {
        (2, 5, 0): f"{_FUNCTION_17} buildSpecification runtimeSpecification description "
        "emailEnabled",
        (1, 9, 0): f"{_FUNCTION_17} buildSpecification runtimeSpecification",
        (1, 7, 0): f"{_FUNCTION_17} specification=build_specification",
        (1, 6, 0): f"{_SETTINGS} deployment=deployment_id scopes {_MORE_SETTINGS} "
        "specification=build_specification",
        (1, 4, 0): f"{_SETTINGS} deployment=deployment_id {_MORE_SETTINGS}",
        (0, 0, 0): f"{_SETTINGS} deployment=deployment_id {_MORE_SETTINGS} "
        "schedulePrevious scheduleNext",
    },
)
_DEPLOYMENT = _shapes(
    Deployment,
    {
        (1, 7, 0): f"{_SOURCE} sourceSize buildSize totalSize buildId activate screenshotLight "
        f"screenshotDark status buildLogs buildDuration {_REPOSITORY} {_COMMIT} providerBranch "
        "providerBranchUrl",
        (1, 4, 0): f"{_SOURCE} size=source_size buildSize buildId activate status buildLogs "
        f"buildTime=build_duration {_REPOSITORY} providerBranch {_COMMIT} providerBranchUrl",
        (0, 0, 0): f"{_SOURCE} size=total_size buildId activate status buildStdout=build_logs "
        f"buildStderr buildTime=build_duration {_REPOSITORY} providerBranch {_COMMIT} "
        "providerBranchUrl",
    },
)
_EXECUTION = _shapes(
    Execution,
    {
        (2, 0, 0): f"{_EXECUTION_17} resourceId=function_id resourceType",
        (1, 7, 0): _EXECUTION_17,
        (1, 6, 0): f"{_SYSTEM} $permissions functionId {_REQUEST} {_RESPONSE} scheduledAt",
        (1, 4, 0): f"{_SYSTEM} $permissions functionId {_REQUEST} {_RESPONSE}",
        (0, 0, 0): f"{_SYSTEM} $permissions functionId {_REQUEST} "
        "statusCode=response_status_code response responseHeaders stdout stderr duration",
    },
)
_VARIABLE = _shapes(
    Variable,
    {
        (2, 5, 0): f"{_SYSTEM} key value secret resourceType resourceId description",
        (1, 7, 0): f"{_SYSTEM} key value secret resourceType resourceId",
        (1, 4, 0): f"{_SYSTEM} key value resourceType resourceId",
        (0, 0, 0): f"{_SYSTEM} key value resourceType functionId=resource_id",
    },
)
_RULE_16 = "resourceType resourceId=function_id redirectUrl status logs renewAt"
_RULE = _shapes(
    Rule,
    {
        (1, 7, 0): f"{_SYSTEM} domain type trigger redirectStatusCode deploymentId "
        "deploymentResourceType deploymentResourceId=function_id "
        f"deploymentVcsProviderBranch=branch {_RULE_16}",
        (0, 0, 0): f"{_SYSTEM} domain {_RULE_16}",
    },
)
_BUILD = _shapes(
    Deployment,
    {
        (0, 0, 0): "$id deploymentId=id status stdout stderr startTime endTime=build_ended_at "
        "duration=build_duration size=build_size",
    },
)
_RUNTIME = _shapes(Runtime, {(0, 0, 0): "$id key name version base image logo supports"})
_SPECIFICATION = _shapes(Specification, {(0, 0, 0): "slug memory cpus enabled"})

SHAPES: Mapping[str, Sequence[Shape]] = {
    "function": _FUNCTION,
    "deployment": _DEPLOYMENT,
    "build": _BUILD,
    "execution": _EXECUTION,
    "variable": _VARIABLE,
    "runtime": _RUNTIME,
    "specification": _SPECIFICATION,
    "proxyRule": _RULE,
}
"""The shapes of the models that are made from records, newest first."""

# The filters for formats before 1.6.0 do not reach the items of lists; nested variables keep
# `secret` in every format.
_LISTED: Version = (1, 6, 0)
_LISTED_WHOLE: Version = (1, 4, 0)  # of the models that only the filter for 1.4.0 changes
_NESTED: Version = (1, 7, 0)


def shape_in(format: Version, shapes: Sequence[Shape]) -> Shape:
    """A model's shape for clients that want `format`."""
    return next(shape for shape in shapes if format >= shape.since)


def _shaped(record: object, shapes: Sequence[Shape], format: Version, own: Wire) -> Wire:
    """The record's fields in `format`; `own` has those that are not as they are stored."""
    shape = shape_in(format, shapes)
    wire = shape.empty | dict(zip(shape.stored, shape.values(record), strict=True))
    for key, value in own.items():
        if key in wire:
            wire[key] = value
    return wire


def function(
    record: Function,
    variables: Sequence[Variable],
    format: Version,
    *,
    runs: tuple[str, str] = ("", ""),
    in_list: bool = False,
) -> Wire:
    """A function with its variables, whose secret values stay hidden; `runs` are the dates before
    and after now at which its schedule runs."""
    nested = [variable(each, max(format, _NESTED)) for each in variables]
    own = {"vars": nested, "description": "", "emailEnabled": False}
    own["schedulePrevious"], own["scheduleNext"] = runs
    return _shaped(record, _FUNCTION, max(format, _LISTED) if in_list else format, own)


def deployment(record: Deployment, format: Version, *, in_list: bool = False) -> Wire:
    """A deployment."""
    own = {"screenshotLight": "", "screenshotDark": "", "buildStderr": ""}
    if format >= (1, 7, 0):
        own["buildId"] = ""  # since then a build is no record of its own
    return _shaped(record, _DEPLOYMENT, max(format, _LISTED_WHOLE) if in_list else format, own)


def canceled(record: Deployment, format: Version) -> Wire:
    """A deployment whose build was canceled; for 1.6 also the fields of its Build model."""
    wire = deployment(record, format)
    if format >= (1, 7, 0):
        return wire
    own = {
        "stdout": "",
        "stderr": "",
        "startTime": record.build_started_at or record.build_ended_at,
    }
    return wire | _shaped(record, _BUILD, format, own)


def execution(
    record: Execution,
    texts: tuple[str, str],
    format: Version,
    *,
    body: str = "",
    response_headers: Headers | None = None,
    in_list: bool = False,
) -> Wire:
    """An execution; `texts` are its logs and errors. Body and all headers are for its creator."""
    answered = record.response_headers if response_headers is None else response_headers
    logs, errors = texts
    own = {
        "requestHeaders": headers(record.request_headers),
        "responseBody": body,
        "response": body,
        "responseHeaders": headers(answered),
        "logs": logs,
        "stdout": logs,
        "errors": errors,
        "stderr": errors,
        "resourceType": "functions",
    }
    return _shaped(record, _EXECUTION, max(format, _LISTED) if in_list else format, own)


def variable(record: Variable, format: Version, *, in_list: bool = False) -> Wire:
    """A variable; the value of a secret one is never shown."""
    own = {"value": "", "description": ""} if record.secret else {"description": ""}
    return _shaped(record, _VARIABLE, max(format, _LISTED_WHOLE) if in_list else format, own)


def rule(record: Rule, deployment_id: str, format: Version) -> Wire:
    """A rule with the deployment of now; it is verified because nobody asks DNS here."""
    is_api = record.type == RuleType.API
    own = {
        "resourceType": "api" if is_api else "function",
        "deploymentResourceType": "" if is_api else "function",
        "deploymentId": deployment_id,
        "status": "verified",
        "logs": "",
        "renewAt": "",
    }
    return _shaped(record, _RULE, format, own)


def runtime(record: Runtime) -> Wire:
    """A runtime."""
    return _shaped(record, _RUNTIME, (0, 0, 0), {})


def specification(record: Specification) -> Wire:
    """A specification."""
    return _shaped(record, _SPECIFICATION, (0, 0, 0), {})


def listing(name: str, items: Iterable[Wire], total: int) -> Wire:
    """A list as all of Appwrite's are."""
    return {"total": total, name: list(items)}


def headers(pairs: Headers) -> list[dict[str, str]]:
    """Headers as a list of objects."""
    return [{"name": name, "value": value} for name, value in pairs]
