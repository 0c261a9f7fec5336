"""A call that somebody at the command line wishes for."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..config import ConfigError


class Wish(NamedTuple):
    """A call to make, and how to tell of it."""

    function: str
    path: str
    method: str
    headers: Mapping[str, str]
    body: bytes
    user: str
    is_guest: bool
    is_async: bool
    project: str
    patience: float | None  # seconds; None: do not wait
    with_headers: bool
    as_json: bool

    @classmethod
    def read(cls, function: str, path: str, options: Mapping[str, Any]) -> Wish:
        """The call with the options of the command. Raises ConfigError."""
        if options["user"] and options["guest"]:
            raise ConfigError("--user and --guest exclude each other: call as one of them")
        if options["patience"] is not None and not options["is_async"]:
            raise ConfigError("--wait is for --async: without it the answer is waited for anyway")
        body = _body(options["data"])
        return cls(
            function=function,
            path=path if path.startswith("/") else f"/{path}",
            method=options["method"] or ("GET" if options["data"] is None else "POST"),
            headers=_headers(options["headers"], body),
            body=body,
            user=options["user"],
            is_guest=options["guest"],
            is_async=options["is_async"],
            project=options["project"],
            patience=options["patience"],
            with_headers=options["include"],
            as_json=options["as_json"],
        )


def _body(data: str | None) -> bytes:
    """The bytes in `data`, in the file `@FILE`, or in standard input. Raises ConfigError."""
    try:
        if data == "-":
            return sys.stdin.buffer.read()
        if data and data.startswith("@"):
            return Path(data[1:]).read_bytes()
    except OSError as exc:
        raise ConfigError(f"--data: {data} cannot be read: {exc.strerror}") from exc
    return (data or "").encode()


def _headers(texts: Sequence[str], body: bytes) -> dict[str, str]:
    """The headers of `NAME: VALUE` texts, and the type of a body that is JSON. Raises
    ConfigError."""
    headers: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition(":")
        if not mark or not name.strip():
            raise ConfigError(f"--header is {text!r}, it must be like 'X-Trace: 1'")
        headers[name.strip().lower()] = value.strip()
    if "content-type" not in headers and _is_json(body):
        headers["content-type"] = "application/json"
    return headers


def _is_json(body: bytes) -> bool:
    """Whether it is an object or a list."""
    try:
        return body.lstrip()[:1] in (b"{", b"[") and json.loads(body) is not None
    except (ValueError, RecursionError):
        return False
