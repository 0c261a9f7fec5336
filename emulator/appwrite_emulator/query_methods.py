"""The methods of Appwrite's queries: one row each, and what they make of a call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from operator import methodcaller
from typing import Any, Literal

from .clock import stamp
from .errors import ApiError, Era
from .models import Row
from .query_syntax import Call, Refused

Kind = Literal["string", "bool", "int", "float", "datetime", "string[]", "sequence"]
Test = Callable[[Row], bool]
Values = Sequence[Any]

_MOST_VALUES = 500  # in one query, which 1.9 does not count
_TEXT_KINDS: Mapping[Era, str] = {"1.6": "array or string", "1.9": "array, string, or object"}
_HIGHEST = "9,223,372,036,854,775,808"
_CURSOR_TEXT = (
    "Invalid cursor: UID must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, and "
    "underscore. Can't start with a leading underscore"
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a public name stands for: the key of a row, or what `read` makes of the row."""

    key: str
    kind: Kind
    read: Callable[[Row], Any] | None = None

    @property
    def value(self) -> Callable[[Row], Any]:
        """Reads what a row holds, comparable; None for null. Text compares without case.

        Lists of many rows spend their time here, so what depends on the kind is decided once.
        """
        read = self.read or methodcaller("get", self.key)
        if self.kind == "string":
            return lambda row: None if (text := read(row)) is None else text.casefold()
        if self.kind == "string[]":
            return lambda row: (
                None if (texts := read(row)) is None else [text.casefold() for text in texts]
            )
        if self.kind == "datetime":
            return lambda row: read(row) or None
        return read


Attributes = Mapping[str, Attribute]
"""The attributes a list knows, by public name; synonyms are entries of their own."""

SYSTEM: Attributes = {
    "$id": Attribute("$id", "string"),
    "$createdAt": Attribute("$createdAt", "datetime"),
    "$updatedAt": Attribute("$updatedAt", "datetime"),
    "$sequence": Attribute("$sequence", "sequence"),
    "$internalId": Attribute("$sequence", "sequence"),
}


@dataclass(frozen=True, slots=True)
class Order:
    """One wish about the order; `attribute` is empty for the order of creation.

    `field` is the key of rows whose texts stand in this order as they are; empty when none does.
    """

    attribute: str
    descending: bool
    value: Callable[[Row], Any]
    field: str = ""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the page is: right after the record with this id, or right before it."""

    id: str
    before: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """The attributes a list knows, and in whose words it tells what is wrong with a query."""

    attributes: Attributes
    era: Era


@dataclass(frozen=True, slots=True)
class Method:
    """A method's part of a Query, and how a call to it is read."""

    part: Literal["test", "order", "limit", "offset", "cursor", "shuffled", "select"]
    make: Callable[[Call, Schema], Any]


def read_date(text: str) -> datetime | None:
    """The moment that an ISO or mail date names, UTC if it names no zone; None if it is no date."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, OverflowError):
            moment = read(text.strip())
            return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return None


def _find(name: str, schema: Schema) -> Attribute:
    known, base = schema.attributes, name.partition(".")[0]
    if name in known:
        return known[name]
    if base not in known:
        raise Refused(f"Attribute not found in schema: {name}")
    if schema.era == "1.6":
        raise Refused(f"Cannot query nested attribute on: {base}")
    return Attribute(name, known[base].kind, read=lambda row: None)  # no row has anything there


def _compare(
    count: Literal["one", "two", "some"],
    test: Callable[[Any, Values], bool],
    *,
    on: Literal["scalar", "text"] = "scalar",
) -> Method:
    """A method that compares a stored value, never null, with `count` values.

    Methods on `scalar` take no lists, those on `text` take texts and lists of texts.
    """
    return Method("test", partial(_comparison, count=count, test=test, on=on))


def _comparison(
    call: Call, schema: Schema, *, count: str, test: Callable[[Any, Values], bool], on: str
) -> Test:
    _check_count(call, count)
    attribute = _find(call.attribute, schema)
    if schema.era == "1.6" and len(call.values) > _MOST_VALUES:
        text = f"Query on attribute has greater than {_MOST_VALUES} values: {call.attribute}"
        raise Refused(text)
    values = [_typed(call, attribute, value) for value in call.values]
    if on == "text" and attribute.kind not in ("string", "string[]"):
        why = f"because it is not an {_TEXT_KINDS[schema.era]}."
        name = "notContains" if call.method == "notContains" else "contains"
        raise Refused(f'Cannot query {name} on attribute "{call.attribute}" {why}')
    if on == "scalar" and attribute.kind == "string[]":
        why = "because it is an array."
        raise Refused(f'Cannot query {call.method} on attribute "{call.attribute}" {why}')
    return partial(_passes, attribute.value, test, values)


def _passes(
    value: Callable[[Row], Any], test: Callable[[Any, Values], bool], values: Values, row: Row
) -> bool:
    stored = value(row)
    return stored is not None and test(stored, values)


def _check_count(call: Call, count: str) -> None:
    name = call.method[0].upper() + call.method[1:]
    if count == "some" and not call.values:
        raise Refused(f"{name} queries require at least one value.")
    if count == "one" and len(call.values) != 1:
        raise Refused(f"{name} queries require exactly one value.")
    if count == "two" and len(call.values) != 2:
        raise Refused(f"{name} queries require exactly two values.")


def _typed(call: Call, attribute: Attribute, value: Any) -> Any:
    """`value` in the form in which stored values compare."""
    typed = _READERS[attribute.kind](value)
    if typed is None:
        raise Refused(f'Query value is invalid for attribute "{call.attribute}"')
    return typed


def _read_text(value: Any) -> str | None:
    return value.casefold() if isinstance(value, str) else None


def _read_sequence(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"\d{1,19}", value, re.ASCII):
        return int(value)
    return value if type(value) is int else None


def _read_datetime(value: Any) -> str | None:
    moment = read_date(value) if isinstance(value, str) else None
    return stamp(moment) if moment else None


_READERS: dict[Kind, Callable[[Any], Any]] = {
    "string": _read_text,
    "string[]": _read_text,
    "bool": lambda value: value if isinstance(value, bool) else None,
    "int": lambda value: value if type(value) is int else None,
    "float": lambda value: value if type(value) in (int, float) else None,
    "datetime": _read_datetime,
    "sequence": _read_sequence,
}
"""For each kind, what makes a JSON value comparable; None when it is not of that kind."""


def _null(call: Call, schema: Schema, *, wanted: bool) -> Test:
    """Whether the attribute is null; `exists` may name several, all of which count."""
    names = [call.attribute] if call.attribute else [str(value) for value in call.values]
    found = [_find(name, schema) for name in names or [""]]
    return lambda row: all((attribute.value(row) is None) is wanted for attribute in found)


def _logic(call: Call, schema: Schema, *, join: Callable[[Iterable[bool]], bool]) -> Test:
    inner = [(METHODS[nested.method], nested) for nested in call.values]
    made = [(method.part, method.make(nested, schema)) for method, nested in inner]
    name = call.method.capitalize()
    if any(part != "test" for part, _ in made):
        raise Refused(f"{name} queries can only contain filter queries")
    if len(made) < 2:
        raise Refused(f"{name} queries require at least two queries")
    tests = [test for _, test in made]
    return lambda row: join(test(row) for test in tests)


def _unindexed(call: Call, schema: Schema) -> Test:
    _check_count(call, "one")
    _typed(call, _find(call.attribute, schema), call.values[0])
    message = f'Searching by attribute "{call.attribute}" requires a fulltext index.'
    raise ApiError("general_query_invalid", message)


def _unsupported(call: Call, schema: Schema) -> Test:
    raise Refused(f"{call.method} is not supported by the database")


def _order(call: Call, schema: Schema, *, descending: bool) -> Order:
    attribute = _find(call.attribute or "$sequence", schema)
    return Order(
        attribute="" if attribute.kind == "sequence" else call.attribute,
        descending=descending,
        value=attribute.value,
        field=attribute.key if attribute.kind == "datetime" and not attribute.read else "",
    )


def _number(call: Call, schema: Schema, *, low: int) -> int:
    value = call.values[0] if call.values else None
    if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,19}\s*", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused("Invalid limit: Value must be a valid number")  # sic, also for an offset
    if not isinstance(value, int) or not low <= value < 2**63:
        text = f"Value must be a valid range between {low} and {_HIGHEST}"
        raise Refused(f"Invalid {call.method}: {text}")
    return value


def _cursor(call: Call, schema: Schema, *, before: bool) -> Cursor:
    id = call.values[0] if call.values else None
    if isinstance(id, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}", id):
        return Cursor(id, before)
    raise Refused(_CURSOR_TEXT)


def _contains_any(stored: Any, values: Values) -> bool:
    return any(value in stored for value in values)


METHODS: dict[str, Method] = {
    "equal": _compare("some", lambda stored, values: stored in values),
    "notEqual": _compare("one", lambda stored, values: stored != values[0]),
    "lessThan": _compare("one", lambda stored, values: stored < values[0]),
    "lessThanEqual": _compare("one", lambda stored, values: stored <= values[0]),
    "greaterThan": _compare("one", lambda stored, values: stored > values[0]),
    "greaterThanEqual": _compare("one", lambda stored, values: stored >= values[0]),
    "between": _compare("two", lambda stored, values: values[0] <= stored <= values[1]),
    "notBetween": _compare("two", lambda stored, values: not values[0] <= stored <= values[1]),
    "startsWith": _compare("one", lambda stored, values: str(stored).startswith(str(values[0]))),
    "notStartsWith": _compare(
        "one", lambda stored, values: not str(stored).startswith(str(values[0]))
    ),
    "endsWith": _compare("one", lambda stored, values: str(stored).endswith(str(values[0]))),
    "notEndsWith": _compare("one", lambda stored, values: not str(stored).endswith(str(values[0]))),
    "contains": _compare("some", _contains_any, on="text"),
    "containsAny": _compare("some", _contains_any, on="text"),
    "containsAll": _compare(
        "some", lambda stored, values: all(value in stored for value in values), on="text"
    ),
    "notContains": _compare(
        "some", lambda stored, values: not _contains_any(stored, values), on="text"
    ),
    "search": Method("test", _unindexed),
    "notSearch": Method("test", _unindexed),
    "elemMatch": Method("test", _unsupported),
    "isNull": Method("test", partial(_null, wanted=True)),
    "isNotNull": Method("test", partial(_null, wanted=False)),
    "exists": Method("test", partial(_null, wanted=False)),
    "notExists": Method("test", partial(_null, wanted=True)),
    "and": Method("test", partial(_logic, join=all)),
    "or": Method("test", partial(_logic, join=any)),
    "orderAsc": Method("order", partial(_order, descending=False)),
    "orderDesc": Method("order", partial(_order, descending=True)),
    "orderRandom": Method("shuffled", lambda call, schema: True),
    "limit": Method("limit", partial(_number, low=1)),
    "offset": Method("offset", partial(_number, low=0)),
    "cursorAfter": Method("cursor", partial(_cursor, before=False)),
    "cursorBefore": Method("cursor", partial(_cursor, before=True)),
    "select": Method("select", lambda call, schema: map(str, call.values)),
}
