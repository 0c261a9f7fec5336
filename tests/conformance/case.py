"""One case: what is asked of a function, and what must come of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from appwrite_emulator.execution import context
from appwrite_emulator.execution.executor import Call

Pairs = tuple[tuple[str, str], ...]

SECRET = "test-secret-key"
HOST = "localhost:3000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the test client of Open Runtimes sends; `headers` replace and add to its own."""

    action: str = ""
    method: str = "POST"
    path: str = "/"  # with the query string
    body: str | bytes = b""
    headers: Pairs = ()
    timeout: float = 10.0  # seconds
    logging: bool = True

    def call(self) -> Call:
        """The call that the emulator makes of it."""
        body = self.body.encode() if isinstance(self.body, str) else self.body
        headers = self._sent(body)
        first = {name.lower(): value for name, value in reversed(headers)}
        scheme, host, port = context.address(first)
        path, query = context.split_path(self.path)
        return Call(
            id="conformance",
            method=self.method,
            scheme=scheme,
            host=host,
            port=port,
            path=path,
            query_string=query,
            headers=headers,
            body=body,
            timeout=self.timeout,
            logging=self.logging,
        )

    def _sent(self, body: bytes) -> Pairs:
        own = {
            "content-type": "text/plain",
            "x-action": self.action,
            "x-open-runtimes-secret": SECRET,
        }
        authorization = context.credentials(SECRET)
        context.add_transport_headers(own, body, host=HOST, authorization=authorization)
        given = {name.lower() for name, _ in self.headers}
        kept = ((name, value) for name, value in own.items() if name not in given)
        return (*kept, *((name, context.as_bytes_text(value)) for name, value in self.headers))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """What must be true of a result; None and empty ask for nothing.

    In all texts `{entrypoint}` (file name), `{root}` (code root), `{workdir}` (working directory)
    and `{marker}` (the sentence before printed text) are replaced.
    """

    status: int = 200
    body: str | None = None
    body_hex: str | None = None
    body_lacks: tuple[str, ...] = ()
    json: str | None = None  # equal when parsed
    json_has: str | None = None  # members that the body's object must have
    content_type: str | None = None  # but for white space
    headers: Mapping[str, str | list[str]] = field(default_factory=dict)  # a list: several lines
    no_headers: tuple[str, ...] = ()
    logs: str | None = None
    logs_have: tuple[str, ...] = ()
    logs_lack: tuple[str, ...] = ()
    logs_match: tuple[str, ...] = ()  # regular expressions to be found
    errors: str | None = None
    errors_have: tuple[str, ...] = ()
    errors_lack: tuple[str, ...] = ()
    errors_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A named request with its expectation.

    `row` is the row of the table it serves, its own name by default. A case with `files` has a
    program of its own; `entrypoint` alone is another file of the conformance function's.
    """

    name: str
    request: Request
    expect: Expect
    row: str = ""
    files: Mapping[str, str] | None = None
    entrypoint: str = ""

    @property
    def serves(self) -> str:
        return self.row or self.name


def case(name: str, action: str, expect: Expect, *, row: str = "", **request: Any) -> Case:
    """A row of the tables, in short."""
    return Case(name=name, row=row, request=Request(action=action, **request), expect=expect)


def read_case(given: Mapping[str, Any]) -> Case:
    """A case as a language's own file describes it. Raises ValueError."""
    request = {key: given[key] for key in _names(Request) & given.keys()}
    if "body_hex" in given:
        request["body"] = bytes.fromhex(given["body_hex"])
    if "headers" in given:
        request["headers"] = tuple((name, value) for name, value in given["headers"])
    rest = given.keys() - _names(Request) - {"body_hex", "name", "expect", "files", "entrypoint"}
    if rest:
        raise ValueError(f"case '{given.get('name')}' has unknown keys: {', '.join(sorted(rest))}")
    files = given.get("files")
    return Case(
        name=given["name"],
        request=Request(**request),
        expect=read_expect(given["expect"]),
        files=files,
        entrypoint=given.get("entrypoint") or next(iter(files or {}), ""),
    )


def read_expect(given: Mapping[str, Any]) -> Expect:
    """An expectation as a language's own file describes it. Raises ValueError."""
    if unknown := given.keys() - _names(Expect):
        raise ValueError(f"unknown expectation: {', '.join(sorted(unknown))}")
    lists = {name for name, value in given.items() if isinstance(value, list)}
    return Expect(**{**given, **{name: tuple(given[name]) for name in lists}})


def _names(kind: type) -> set[str]:
    return {field.name for field in fields(kind)}
