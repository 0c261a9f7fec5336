"""Filters: which payloads a subscription wants, said by queries."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .errors import ApiError
from .query_methods import METHODS
from .query_syntax import Call, Refused, read

Payload = Mapping[str, Any]

_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "lessThan": operator.lt,
    "lessThanEqual": operator.le,
    "greaterThan": operator.gt,
    "greaterThanEqual": operator.ge,
}
_ALLOWED = (
    "equal", "notEqual", *_ORDERS, "isNull", "isNotNull", "and", "or", "select",
)  # fmt: skip
_ONLY_ALL = (
    'Only select("*") is allowed in Realtime queries. select("*") means "listen to all events".'
)


class Filter:
    """What all of some queries let through; without queries that is everything.

    Source: Appwrite 1.9.6. Nothing is converted: `1`, `1.0` and `"1"` are three values.
    """

    def __init__(self, calls: Sequence[Call] = ()) -> None:
        is_open = any(call.method == "select" for call in calls)
        self._calls = () if is_open else tuple(calls)

    @classmethod
    def parse(cls, texts: Sequence[str]) -> Filter:
        """The filter that the query strings write down. Raises Refused."""
        calls = []
        for text in texts:
            try:
                calls.append(read(text, METHODS))
            except ApiError as exc:
                raise Refused(exc.message or exc.type) from exc
        for call in calls:
            _check(call)
        return cls(calls)

    def passes(self, payload: Payload) -> bool:
        """Whether `payload` is wanted."""
        return all(_holds(call, payload) for call in self._calls)


def _check(call: Call) -> None:
    if call.method not in _ALLOWED:
        raise Refused(
            f"Query method '{call.method}' is not supported in Realtime queries. "
            f"Allowed query methods are: {', '.join(_ALLOWED)}"
        )
    if call.method == "select" and call.values != ("*",):
        raise Refused(_ONLY_ALL)
    if call.method in ("and", "or"):
        for inner in call.values:
            _check(inner)


def _holds(call: Call, payload: Payload) -> bool:
    if call.method == "select":
        return True
    if call.method == "and":
        return all(_holds(inner, payload) for inner in call.values)
    if call.method == "or":
        return any(_holds(inner, payload) for inner in call.values)
    if call.attribute not in payload:
        return False
    return _compares(call, _as_json(payload[call.attribute]))


def _as_json(stored: Any) -> Any:
    """A value as clients see it: records have tuples for lists, and names for some texts."""
    if isinstance(stored, tuple):
        return list(stored)
    return str(stored) if isinstance(stored, str) else stored


def _compares(call: Call, stored: Any) -> bool:
    match call.method:
        case "equal":
            return any(_is_same(stored, value) for value in call.values)
        case "notEqual":
            return not any(_is_same(stored, value) for value in call.values)
        case "isNull":
            return stored is None
        case "isNotNull":
            return stored is not None
    order = _ORDERS[call.method]
    return any(order(stored, value) for value in call.values if _is_ordered(stored, value))


def _is_same(stored: Any, value: Any) -> bool:
    return type(stored) is type(value) and bool(stored == value)


def _is_ordered(stored: Any, value: Any) -> bool:
    """Whether one of both can be the greater: two texts, or two numbers."""
    kinds = {type(stored), type(value)}
    return kinds == {str} or kinds <= {int, float}
