"""Comparing a result with what was expected of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from appwrite_emulator.execution.executor import Result

from .case import Expect

Words = Mapping[str, str]


def problems(result: Result, expect: Expect, words: Words) -> list[str]:
    """What is not as expected, in sentences that show what came instead."""
    found = [
        *_body_problems(result, expect, words),
        *_header_problems(result, expect),
        *_text_problems("logs", result.logs, expect, words),
        *_text_problems("errors", result.errors, expect, words),
    ]
    if result.status != expect.status:
        errors = f"; errors: {result.errors}" if result.errors else ""
        found.insert(0, f"status {result.status} instead of {expect.status}{errors}")
    return found


def _body_problems(result: Result, expect: Expect, words: Words) -> Iterator[str]:
    body = result.body
    if expect.body is not None and body != _filled(expect.body, words).encode():
        yield f"body {body!r} instead of {_filled(expect.body, words)!r}"
    if expect.body_hex is not None and body.hex() != expect.body_hex:
        yield f"body {_short(body.hex())} (hex) instead of {_short(expect.body_hex)}"
    for text in expect.body_lacks:
        if text.encode() in body:
            yield f"body {body!r} has {text!r}"
    if expect.json is not None or expect.json_has is not None:
        yield from _json_problems(body, expect, words)


def _json_problems(body: bytes, expect: Expect, words: Words) -> Iterator[str]:
    try:
        value = json.loads(body)
    except ValueError:
        yield f"body {body!r} is not JSON"
        return
    if expect.json is not None and value != _parsed(expect.json, words):
        yield f"body {body.decode()} instead of {_filled(expect.json, words)}"
    if expect.json_has is not None:
        for key, wanted in _parsed(expect.json_has, words).items():
            if key not in value:
                yield f"body {body.decode()} lacks {key!r}"
            elif value[key] != wanted:
                yield f"{key!r} is {value[key]!r} instead of {wanted!r}"


def _parsed(text: str, words: Words) -> Any:
    return json.loads(_filled(text, words))


def _header_problems(result: Result, expect: Expect) -> Iterator[str]:
    for name, wanted in expect.headers.items():
        lines = [value for key, value in result.headers if key == name]
        if lines != ([wanted] if isinstance(wanted, str) else list(wanted)):
            yield f"header {name}: {lines} instead of {wanted!r}"
    for name in expect.no_headers:
        if name in dict(result.headers):
            yield f"header {name} is there"
    if expect.content_type is not None:
        sent = dict(result.headers).get("content-type", "")
        if _tight(sent) != _tight(expect.content_type):
            yield f"content type {sent!r} instead of {expect.content_type!r}"


def _tight(text: str) -> str:
    return re.sub(r"\s", "", text)


def _text_problems(name: str, text: str, expect: Expect, words: Words) -> Iterator[str]:
    exact = getattr(expect, name)
    if exact is not None and text != _filled(exact, words):
        yield f"{name} {_short(text)} instead of {_short(_filled(exact, words))}"
    for part in getattr(expect, f"{name}_have"):
        if _filled(part, words) not in text:
            yield f"{name} lack {_filled(part, words)!r}: {_short(text)}"
    for part in getattr(expect, f"{name}_lack"):
        if _filled(part, words) in text:
            yield f"{name} have {part!r}: {_short(text)}"
    for pattern in getattr(expect, f"{name}_match"):
        literal = {word: re.escape(value) for word, value in words.items()}
        if not re.search(_filled(pattern, literal), text):
            yield f"{name} do not match {pattern!r}: {_short(text)}"


def _short(text: str) -> str:
    return repr(text) if len(text) < 2000 else f"{text[:1000]!r} ... {text[-1000:]!r}"


def _filled(text: str, words: Words) -> str:
    for word, value in words.items():
        text = text.replace(f"{{{word}}}", value)
    return text
