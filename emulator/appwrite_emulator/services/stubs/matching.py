"""Matching: how a value differs from what is wanted of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from ... import jsontext
from ...printable import cut
from .refused import StubRefused

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Wanted = Any
"""What is wanted of a JSON value: a value, or a test of one.

An object wants its keys and lets others be, at any depth; a list wants as many items, each as
wanted. A compiled pattern wants a text that it matches from end to end, a class a value of it, any
other callable decides itself; `Exactly` wants what it holds and nothing beside it. Whatever else
there is must be equal.
"""

_LONGEST = 80  # characters of a value that a difference shows
_NEVER = (bytes, bytearray, set, frozenset)  # values that no JSON has


@dataclass(frozen=True, slots=True)
class Exactly:
    """A JSON value that is wanted as it is: its objects have no other keys."""

    value: Any


class _Missing(Enum):
    MISSING = "nothing"


MISSING: Final = _Missing.MISSING
"""In place of a value that is not there."""


def check(wanted: Wanted, place: str) -> None:
    """Raises StubRefused for what no JSON value can be; `place` is where it stands."""
    if isinstance(wanted, _NEVER):
        kind = type(wanted).__name__
        raise StubRefused(f"{place} is {_shown(wanted)}, and no JSON value is of type {kind}.")
    if isinstance(wanted, Exactly):
        check(wanted.value, place)
    elif isinstance(wanted, Mapping):
        for key, value in wanted.items():
            if not isinstance(key, str):
                raise StubRefused(f"{place} has the key {key!r}: those of JSON objects are texts.")
            check(value, f"{place}.{key}")
    elif isinstance(wanted, list | tuple):
        for number, value in enumerate(wanted):
            check(value, f"{place}[{number}]")


def differences(wanted: Wanted, found: Any, place: str, *, is_exact: bool = False) -> Iterator[str]:
    """How `found` differs from what is wanted, one after the other; none when it matches."""
    if isinstance(wanted, Exactly):
        yield from differences(wanted.value, found, place, is_exact=True)
    elif isinstance(wanted, Mapping) and isinstance(found, Mapping):
        yield from _of_object(wanted, found, place, is_exact=is_exact)
    elif isinstance(wanted, list | tuple) and isinstance(found, list):
        yield from _of_list(wanted, found, place, is_exact=is_exact)
    elif callable(wanted) and not isinstance(wanted, type) and found is not MISSING:
        yield from _of_test(wanted, found, place)
    elif found is MISSING or not _is_as(wanted, found):
        yield f"{place}: {_shown(found)} instead of {_said(wanted)}"


def query_differences(
    wanted: Mapping[str, Wanted] | Exactly, found: Mapping[str, Any]
) -> Iterator[str]:
    """How parameters differ from those that are wanted; others may be there.

    Numbers and booleans are wanted as clients write them. Texts that are JSON, as Appwrite's
    queries are, are compared as values.
    """
    names = wanted.value if isinstance(wanted, Exactly) else wanted
    for name, value in names.items():
        yield from _of_parameter(value, found.get(name, MISSING), f"query.{name}")
    if isinstance(wanted, Exactly):
        yield from _beside(names, found, "query")


def header_differences(wanted: Mapping[str, Wanted], found: Mapping[str, str]) -> Iterator[str]:
    """How headers differ from those that are wanted; others may be there."""
    for name, value in wanted.items():
        yield from differences(value, found.get(name.lower(), MISSING), f"header {name}")


def body_differences(wanted: Wanted, body: bytes) -> Iterator[str]:
    """How a body differs from the bytes, the text, or the test of its text that is wanted."""
    if isinstance(wanted, bytes):
        if wanted != body:
            yield f"body: {_shown(body)} instead of {_shown(wanted)}"
        return
    yield from differences(wanted, body.decode("utf-8", "replace"), "body")


def _of_object(
    wanted: Mapping[str, Wanted], found: Mapping[str, Any], place: str, *, is_exact: bool
) -> Iterator[str]:
    for key, value in wanted.items():
        held = found.get(key, MISSING)
        yield from differences(value, held, f"{place}.{key}", is_exact=is_exact)
    if is_exact:
        yield from _beside(wanted, found, place)


def _beside(wanted: Mapping[str, Wanted], found: Mapping[str, Any], place: str) -> Iterator[str]:
    for key in found:
        if key not in wanted:
            yield f"{place}.{key}: {_shown(found[key])} instead of nothing"


def _of_list(
    wanted: list[Wanted] | tuple[Wanted, ...], found: list[Any], place: str, *, is_exact: bool
) -> Iterator[str]:
    if len(wanted) != len(found):
        yield f"{place}: {_shown(found)} instead of {_shown(list(wanted))}"
        return
    for number, (each, held) in enumerate(zip(wanted, found, strict=True)):
        yield from differences(each, held, f"{place}[{number}]", is_exact=is_exact)


def _of_test(decides: Callable[[Any], object], found: Any, place: str) -> Iterator[str]:
    """A test is code of a user, and one that fails has not found what it looks for."""
    try:
        is_wanted = decides(found)
    except Exception as exc:
        yield f"{place}: {_said(decides)} raised {exc!r} for {_shown(found)}"
        return
    if not is_wanted:
        yield f"{place}: {_shown(found)} instead of what {_said(decides)} wants"


def _of_parameter(wanted: Wanted, found: Any, place: str) -> Iterator[str]:
    if isinstance(wanted, list | tuple) and found is not MISSING:
        held = found if isinstance(found, list) else [found]
        if len(held) != len(wanted):
            yield f"{place}: {_shown(found)} instead of {_shown(list(wanted))}"
            return
        for number, (each, one) in enumerate(zip(wanted, held, strict=True)):
            yield from _of_parameter(each, one, f"{place}[{number}]")
    elif isinstance(wanted, re.Pattern) or callable(wanted):
        yield from differences(wanted, found, place)
    else:
        yield from differences(_written(wanted), _read(found), place, is_exact=True)


def _is_as(wanted: Wanted, found: Any) -> bool:
    """Whether they are equal as JSON values, where `true` is no number; or it passes the test."""
    if isinstance(wanted, re.Pattern):
        return isinstance(found, str) and wanted.fullmatch(found) is not None
    if isinstance(wanted, type):
        return isinstance(found, wanted)
    if isinstance(wanted, bool) or (isinstance(found, bool) and isinstance(wanted, int | float)):
        return wanted is found
    return bool(wanted == found)


def _written(value: Wanted) -> Wanted:
    """A wanted parameter as URLs carry it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _read(value)


def _read(value: Any) -> Any:
    """A parameter's value; one that is the text of a JSON object or list is read."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return jsontext.decode(value.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return value


def _said(wanted: Wanted) -> str:
    """What is wanted, for people."""
    if isinstance(wanted, re.Pattern):
        return f"text like /{wanted.pattern}/"
    if isinstance(wanted, type) or callable(wanted):
        return str(getattr(wanted, "__name__", repr(wanted)))
    return _shown(wanted)


def _shown(value: Any) -> str:
    return "nothing" if value is MISSING else cut(repr(value), _LONGEST)
