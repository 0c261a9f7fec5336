"""What a build and an execution are told: environment and headers, as values of values."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..catalog import Runtime, Specification
from ..errors import SERVER_VERSIONS, Era
from ..models import Deployment, Function, Headers, Trigger

STORED_REQUEST_HEADERS = frozenset({"content-type", "agent", "content-length", "host"})
STORED_RESPONSE_HEADERS = frozenset({"content-type", "content-length"})

PASSING = frozenset(
    {
        "APPWRITE_FUNCTION_API_ENDPOINT",
        "APPWRITE_FUNCTION_API_KEY",
        "APPWRITE_FUNCTION_DEPLOYMENT",
        "OPEN_RUNTIMES_SECRET",
    }
)
"""Variables that another emulator, or another deployment, has otherwise."""

_DEFAULTS = {"OPEN_RUNTIMES_ENV": "production", "OPEN_RUNTIMES_HEADERS": "{}"}

_VCS = {
    "APPWRITE_VCS_REPOSITORY_ID": "provider_repository_id",
    "APPWRITE_VCS_REPOSITORY_NAME": "provider_repository_name",
    "APPWRITE_VCS_REPOSITORY_OWNER": "provider_repository_owner",
    "APPWRITE_VCS_REPOSITORY_URL": "provider_repository_url",
    "APPWRITE_VCS_REPOSITORY_BRANCH": "provider_branch",
    "APPWRITE_VCS_REPOSITORY_BRANCH_URL": "provider_branch_url",
    "APPWRITE_VCS_COMMIT_HASH": "provider_commit_hash",
    "APPWRITE_VCS_COMMIT_MESSAGE": "provider_commit_message",
    "APPWRITE_VCS_COMMIT_URL": "provider_commit_url",
    "APPWRITE_VCS_COMMIT_AUTHOR_NAME": "provider_commit_author",
    "APPWRITE_VCS_COMMIT_AUTHOR_URL": "provider_commit_author_url",
    "APPWRITE_VCS_ROOT_DIRECTORY": "provider_root_directory",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What runs or is built, and the machine it is told of."""

    function: Function
    deployment: Deployment
    runtime: Runtime
    specification: Specification
    endpoint: str  # ends in /v1
    era: Era


def environment(
    subject: Subject, variables: Mapping[str, str], *, secret: str, build_key: str = ""
) -> dict[str, str]:
    """Every variable user code sees beyond the machine's own; the platform's win over the user's.

    Source: Appwrite 1.6.2 and 1.9.6 with Open Runtimes v4 and v5.
    """
    own = _function_variables(subject) | _runtime_variables(subject, secret)
    if build_key:
        own["APPWRITE_FUNCTION_API_KEY"] = build_key
    return {**_DEFAULTS, **variables, **own}


def _function_variables(subject: Subject) -> dict[str, str]:
    function, deployment = subject.function, subject.deployment
    return {
        "APPWRITE_FUNCTION_API_ENDPOINT": subject.endpoint,
        "APPWRITE_FUNCTION_ID": function.id,
        "APPWRITE_FUNCTION_NAME": function.name,
        "APPWRITE_FUNCTION_DEPLOYMENT": deployment.id,
        "APPWRITE_FUNCTION_PROJECT_ID": function.project,
        "APPWRITE_FUNCTION_RUNTIME_NAME": subject.runtime.name,
        "APPWRITE_FUNCTION_RUNTIME_VERSION": subject.runtime.version,
        "APPWRITE_FUNCTION_CPUS": f"{subject.specification.cpus:g}",
        "APPWRITE_FUNCTION_MEMORY": str(subject.specification.memory),
        "APPWRITE_VERSION": SERVER_VERSIONS[subject.era],
        "APPWRITE_REGION": "default",
        "APPWRITE_DEPLOYMENT_TYPE": str(deployment.type),
    } | {name: getattr(deployment, attribute) for name, attribute in _VCS.items()}


def _runtime_variables(subject: Subject, secret: str) -> dict[str, str]:
    known = {
        "OPEN_RUNTIMES_SECRET": secret,
        "OPEN_RUNTIMES_ENTRYPOINT": subject.deployment.entrypoint,
        "OPEN_RUNTIMES_HOSTNAME": "localhost",
    }
    if subject.era == "1.6":
        return known
    return known | {
        "OPEN_RUNTIMES_CPUS": f"{subject.specification.cpus:g}",
        "OPEN_RUNTIMES_MEMORY": str(subject.specification.memory),
        "OPEN_RUNTIMES_NFT": "enabled",
        "CI": "true",
    }


class Origin(NamedTuple):
    """Who and what caused an execution, as its headers tell it."""

    trigger: Trigger
    user_id: str = ""
    user_jwt: str = ""
    event: str | None = None  # None: the header is absent
    client_ip: str = ""


_NO_PLACE = {
    "x-appwrite-country-code": "",
    "x-appwrite-continent-code": "",
    "x-appwrite-continent-eu": "false",
}


def request_headers(
    given: Mapping[str, str], origin: Origin, *, execution_id: str, key: str
) -> dict[str, str]:
    """The caller's headers with lower-case names, overridden by the platform's.

    Source: Appwrite 1.9.6; 1.6.2 lacks the execution id and the client's address.
    """
    headers = {name.lower(): as_bytes_text(str(value)) for name, value in given.items()}
    headers |= {
        "x-appwrite-trigger": origin.trigger.value,
        "x-appwrite-user-id": origin.user_id,
        "x-appwrite-user-jwt": origin.user_jwt,
        **_NO_PLACE,
        "x-appwrite-key": key,
        "x-appwrite-execution-id": execution_id,
    }
    if origin.event is not None:
        headers["x-appwrite-event"] = origin.event
    if origin.client_ip:
        headers["x-appwrite-client-ip"] = origin.client_ip
    return headers


def as_bytes_text(value: str) -> str:
    """`value` as HTTP carries it: one character for each byte of its UTF-8 form."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("latin-1")


def credentials(secret: str) -> str:
    """The `authorization` with which the executor of Appwrite 1.9.6 calls a runtime."""
    return f"Basic {base64.b64encode(f'opr:{secret}'.encode()).decode()}"


def add_transport_headers(
    headers: dict[str, str], body: bytes, *, host: str, authorization: str
) -> None:
    """Add what the executor's own HTTP client puts on the way to the runtime."""
    headers.setdefault("host", host)
    headers.setdefault("accept", "*/*")
    if body:
        headers.setdefault("content-type", "application/x-www-form-urlencoded")
        headers["content-length"] = str(len(body))
    if authorization:
        headers.setdefault("authorization", authorization)


def address(headers: Mapping[str, str]) -> tuple[str, str, int]:
    """(scheme, host, port) as the runtimes compute them from the headers."""
    scheme = headers.get("x-forwarded-proto", "http")
    default = 443 if scheme == "https" else 80
    host, colon, port = headers.get("host", "").partition(":")
    return scheme, host, int(port) if colon and port.isdecimal() else default


def split_path(path: str) -> tuple[str, str]:
    """(path, query string) of a request path; the path always starts with a slash."""
    path, _, query = path.partition("#")[0].partition("?")
    return path if path.startswith("/") else "/" + path, query


def stored_headers(headers: Iterable[tuple[str, str]], allowed: frozenset[str]) -> Headers:
    """The headers an execution row keeps, in the spelling they came in."""
    return tuple((name, value) for name, value in headers if name.lower() in allowed)
