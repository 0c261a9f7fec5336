"""Multipart forms as bytes: written for uploads, read where an answer is not text."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_NAME = re.compile(rb'name="([^"]*)"')


def form(
    fields: Mapping[str, str | bytes], file: tuple[str, str, bytes] | None = None
) -> tuple[bytes, str]:
    """A form and its content type. `file` is the name of its field, its own name and its bytes."""
    boundary = secrets.token_hex(16)
    parts = [
        _part(boundary, f'name="{name}"', value if isinstance(value, bytes) else value.encode())
        for name, value in fields.items()
    ]
    if file:
        field, name, content = file
        parts.append(_part(boundary, f'name="{field}"; filename="{name}"', content))
    end = f"--{boundary}--\r\n".encode()
    return b"".join([*parts, end]), f"multipart/form-data; boundary={boundary}"


def fields_of(body: bytes, content_type: str) -> dict[str, Any]:
    """The parts of a form as bytes, those that are JSON as values."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, Any] = {}
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        if found := _NAME.search(head):
            is_json = b"application/json" in head.lower()
            fields[found[1].decode()] = json.loads(content) if is_json else content
    return fields


def _part(boundary: str, disposition: str, content: bytes) -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return b"%b%b\r\n" % (head.encode(), content)
