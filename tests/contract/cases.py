"""Tables of the contract as TOML files: their rows, and how a row becomes a call."""

from __future__ import annotations

import secrets
import tomllib
from pathlib import Path
from urllib.parse import quote

from .forms import form, multipart_type
from .server import Json, Project, Reply

ERAS = ("1.6", "1.9")


def table(name: str) -> Json:
    """The rows of `cases/<name>.toml`."""
    path = Path(__file__).parent / "cases" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def eras(row: Json) -> tuple[str, ...]:
    """The eras in which a row holds: the one it names, else both."""
    return (row["era"],) if "era" in row else ERAS


def filled(value: Json) -> Json:
    """A value of a table, with what TOML cannot say written out.

    `{repeat = "n", times = 3}` is "nnn" (a list likewise), `{null = true}` is null, and
    `{unique = "K"}` is "K" and something that no other call says.
    """
    match value:
        case {"repeat": part, "times": times}:
            return part * times
        case {"null": True}:
            return None
        case {"unique": start}:
            return f"{start}{secrets.token_hex(8)}"
        case dict():
            return {name: filled(each) for name, each in value.items()}
        case list():
            return [filled(each) for each in value]
    return value


def send(caller: Project, row: Json) -> Reply:
    """Make the call of a row: `call` is method and path below /v1, the rest is optional.

    `body` goes as JSON, `form` and a `file` of that name as multipart, `text` as it is;
    `as = "guest"` leaves the key out, `without` another header.
    """
    method, _, path = row["call"].partition(" ")
    caller = caller.guest if row.get("as") == "guest" else caller
    caller = caller.having(**{row.get("without", ""): None})
    headers = dict(row.get("headers", {}))
    if "queries" in row:
        path += "?" + "&".join(f"queries[]={quote(text)}" for text in row["queries"])
    if "text" in row:
        return caller.call(method, path, body=row["text"].encode(), headers=headers)
    if "form" in row:
        name = row.get("file", "code.tar.gz")
        files = {"code": (name, b"x")} if name else {}
        body = form(filled(row["form"]), files)
        headers = {"content-type": multipart_type(), **headers}
        return caller.call(method, path, body=body, headers=headers)
    return caller.call(method, path, filled(row.get("body")), headers=headers)


def check(reply: Reply, row: Json) -> None:
    """Compare a reply with what a row says of it: `status`, and an error's `type` and `message`
    (or how it `starts`), or some `fields`, or how the body starts."""
    if "type" in row:
        status, type, message = reply.error
        assert (status, type) == (row["status"], row["type"]), message
        assert message == row.get("message", message)
        assert message.startswith(row.get("starts", ""))
    assert reply.status == row["status"], reply.body
    fields = filled(row.get("fields", {}))
    if fields:
        assert {name: reply.json.get(name) for name in fields} == fields
    assert reply.body.decode().startswith(row.get("starts_body", ""))
