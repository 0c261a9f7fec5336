"""What `call` does, and what it prints."""

from __future__ import annotations

import json
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import click

from ..client import multipart
from .live.paint import Paint
from .live.places import Places, places_of
from .nearby import require_function, require_user
from .report import said
from .running import Refused, Reply, Running
from .wish import Wish

_ENDED = ("completed", "failed")
_TOO_LATE = (408, 504)  # answers of the API for a function that takes too long


def ask(running: Running, wish: Wish) -> int:
    """Make the call and tell what came of it; the exit code. Raises ConfigError."""
    wish = wish._replace(project=running.project(wish.project))
    caller = _caller(running, wish)
    if wish.is_async and wish.patience is not None:
        return _show(running, wish, _awaited(running, wish, caller))
    reply = _send(running, wish, caller)
    if reply.status in _TOO_LATE:
        click.echo(f"{_mark(False)} {wish.function}  {_message(running, reply)}", err=True)
        return 1
    return _show(running, wish, _execution(running, wish, reply))


def _caller(running: Running, wish: Wish) -> dict[str, str]:
    """The headers that say who calls. Raises Refused for a user that is not there."""
    place = {"x-appwrite-project": wish.project}
    if wish.is_guest:
        return place
    if not wish.user:
        return {**place, "x-appwrite-key": running.key}
    user = quote(wish.user, safe="")
    try:
        jwt = running.api("POST", f"/users/{user}/jwts", {}, project=wish.project)["jwt"]
    except Refused:
        require_user(running, wish.project, wish.user)
        raise
    return {**place, "x-appwrite-jwt": jwt}


def _send(running: Running, wish: Wish, caller: Mapping[str, str]) -> Reply:
    """The API's answer in the form that keeps bytes. Raises ConfigError."""
    fields: dict[str, str | bytes] = {
        "body": wish.body,
        "path": wish.path,
        "method": wish.method,
        "headers": json.dumps(wish.headers),
        "async": "true" if wish.is_async else "false",
    }
    body, content_type = multipart.form(fields)
    path = f"/v1/functions/{quote(wish.function, safe='')}/executions"
    headers = {**caller, "accept": "multipart/form-data", "content-type": content_type}
    reply = running.send("POST", path, body, headers)
    if reply.status == HTTPStatus.NOT_FOUND:
        require_function(running, wish.project, wish.function)
    return reply


def _execution(running: Running, wish: Wish, reply: Reply) -> dict[str, Any]:
    """The execution as its developer may see it, with the body as bytes. Raises ConfigError."""
    content_type = reply.headers.get("content-type", "")
    if not content_type.startswith("multipart/form-data"):
        return {**running.value(reply), "responseBody": b""}
    fields = multipart.fields_of(reply.body, content_type)
    answered = {name: fields[name] for name in ("responseBody", "responseHeaders")}
    return {**_told(running, wish, fields["$id"].decode()), **answered}


def _told(running: Running, wish: Wish, id: str) -> dict[str, Any]:
    """The stored execution, which tells developers more than it tells who called."""
    path = f"/functions/{quote(wish.function, safe='')}/executions/{id}"
    execution: dict[str, Any] = running.api("GET", path, project=wish.project)
    return execution


def _awaited(running: Running, wish: Wish, caller: Mapping[str, str]) -> dict[str, Any]:
    """The execution, begun and waited for. Raises ConfigError when it does not end in time."""
    patience = wish.patience or 0.0
    deadline = time.monotonic() + patience
    attentive = replace(running, patience=max(patience, 0.1))
    watched = {"project": wish.project, "function": wish.function, "activity": "true"}
    with attentive.listening(**watched) as entries:
        id = running.value(_send(running, wish, caller))["$id"]
        for entry in entries:
            is_end = entry.get("level") == "ended" and entry.get("executionId") == id
            is_late = time.monotonic() > deadline
            if is_end or is_late or not entry:
                execution = {**_told(running, wish, id), "responseBody": b""}
                if is_late or execution["status"] in _ENDED:
                    return execution
    raise AssertionError("a listener has no end")


def _show(running: Running, wish: Wish, execution: Mapping[str, Any]) -> int:
    """Print the execution; the exit code."""
    status, code = execution["status"], execution["responseStatusCode"]
    is_bad = status == "failed" or code >= 500
    if wish.as_json:
        click.echo(json.dumps(_for_programs(execution), indent=2, ensure_ascii=False))
        return int(is_bad)
    if wish.is_async and (wish.patience is None or status not in _ENDED):
        click.echo(execution["$id"])
        if wish.patience is not None:
            text = f"still {status} after {wish.patience:g} s"
            click.echo(f"{_mark(False)} {wish.function}  {text}", err=True)
        return int(wish.patience is not None)
    _print_answer(wish, execution)
    for line in _lines(running, wish, execution):
        click.echo(line, err=True)
    return int(is_bad)


def _for_programs(execution: Mapping[str, Any]) -> dict[str, Any]:
    """The execution in JSON; a body that is no text is in base 64, and says so."""
    body = execution["responseBody"]
    try:
        return {**execution, "responseBody": body.decode()}
    except UnicodeDecodeError:
        encoded = b64encode(body).decode()
        return {**execution, "responseBody": encoded, "responseBodyIsBase64": True}


def _print_answer(wish: Wish, execution: Mapping[str, Any]) -> None:
    """The body as it is, on standard output; what would upset a terminal is only told of."""
    output = sys.stdout.buffer
    body = execution["responseBody"]
    if wish.with_headers:
        output.write("".join(f"{line}\n" for line in _head(execution)).encode())
    if sys.stdout.isatty() and b"\0" in body:
        body = f"({len(body):,} bytes that are no text: send them to a file by > FILE)\n".encode()
    output.write(body)
    if sys.stdout.isatty() and body and not body.endswith(b"\n"):
        output.write(b"\n")
    output.flush()


def _head(execution: Mapping[str, Any]) -> Iterator[str]:
    code = execution["responseStatusCode"]
    known = HTTPStatus(code).phrase if code in set(HTTPStatus) else ""
    yield f"HTTP/1.1 {code} {known}".rstrip()
    yield from (f"{each['name']}: {each['value']}" for each in execution["responseHeaders"])
    yield ""


def _lines(running: Running, wish: Wish, execution: Mapping[str, Any]) -> Iterator[str]:
    """How it ended, below it what it said."""
    code, is_good = execution["responseStatusCode"], execution["status"] == "completed"
    ended = f"{code} in {execution['duration']:.3f} s"
    mark = _mark(is_good and code < 500)
    yield f"{mark} {wish.function}  {ended if is_good else 'failed, ' + ended}"
    logs, errors = [*said(execution["logs"])], [*said(execution["errors"])]
    places = _places(running, wish) if errors else None
    for line in (*logs, *errors):
        own = places.own(line, wish.project, wish.function) if places else line
        yield f"    {own}"


def _places(running: Running, wish: Wish) -> Places | None:
    """The developer's own files; None for a key that may only call."""
    try:
        told = running.ask("GET", "/functions", project=wish.project)
    except Refused:
        return None
    return places_of(told, wish.project, Paint())


def _mark(is_good: bool) -> str:
    return click.style("✓", fg="green") if is_good else click.style("✗", fg="red")


def _message(running: Running, reply: Reply) -> str:
    try:
        running.value(reply)
    except Refused as exc:
        return str(exc)
    return f"answered {reply.status}"
