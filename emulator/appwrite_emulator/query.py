"""Appwrite's queries: choosing, ordering and paging rows, and the search by words."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Reversible, Sequence, Sized
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from .errors import ApiError, Era
from .models import Row
from .query_methods import (
    METHODS,
    SYSTEM,
    Attribute,
    Attributes,
    Cursor,
    Order,
    Schema,
    Test,
    read_date,
)
from .query_syntax import Refused, read

__all__ = ["Attribute", "Attributes", "Page", "Query", "parse", "read_date", "search", "select"]

TOTAL_CAP = 5000


class Rows(Sized, Reversible[Row], Protocol):
    """Rows in the order of their creation."""


class Walk(Protocol):
    """The same rows in the order of one field, equal ones in that of creation."""

    def __call__(self, field: str, *, descending: bool) -> Iterator[Row] | None:
        """None where that order is not known beforehand."""
        ...


@dataclass(frozen=True, slots=True)
class Query:
    """What a list of query strings asks for: rows that pass all `tests`.

    `selects` names the fields to show, for the door; none means all.
    """

    tests: tuple[Test, ...] = ()
    orders: tuple[Order, ...] = ()
    limit: int = 25
    offset: int = 0
    cursor: Cursor | None = None
    shuffled: bool = False
    selects: tuple[str, ...] = ()

    def passing(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Those of `rows` that pass all tests."""
        for test in self.tests:
            rows = filter(test, rows)
        return iter(rows)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of rows, and how many rows all pages have (at most 5000)."""

    rows: list[Row]
    total: int


def parse(
    texts: Iterable[str],
    attributes: Attributes,
    *,
    legacy: bool = False,
    selectable: bool = False,
    era: Era = "1.9",
) -> Query:
    """What the query strings `texts` ask of a list with `attributes`.

    `$id`, `$createdAt`, `$updatedAt`, `$sequence` and `$internalId` are always known. `legacy`
    admits the notation before Appwrite 1.5, `selectable` the method `select`. Of several limits,
    offsets or cursors the first counts. Raises ApiError `general_argument_invalid`, or
    `general_query_invalid` for `search`, which needs an index that no list has.
    `era` is whose words are used. Source: Appwrite 1.9.6, whose methods include those of 1.6.2.
    """
    schema = Schema({**SYSTEM, **attributes}, era)
    parts: dict[str, list[Any]] = {}
    for text in texts:
        try:
            call = read(text, METHODS, legacy=legacy)
            method = METHODS[call.method]
            made = method.make(call, schema)
        except Refused as exc:
            raise _invalid(f"Invalid query: {exc}") from exc
        if method.part == "select" and not selectable:
            raise _invalid("Invalid query method: select")
        parts.setdefault(method.part, []).append(made)
    return Query(
        tests=tuple(parts.get("test", ())),
        orders=tuple(parts.get("order", ())),
        limit=parts.get("limit", [25])[0],
        offset=parts.get("offset", [0])[0],
        cursor=parts.get("cursor", [None])[0],
        shuffled="shuffled" in parts,
        selects=tuple(name for names in parts.get("select", ()) for name in names),
    )


def _invalid(text: str) -> ApiError:
    return ApiError("general_argument_invalid", f"Invalid `queries` param: {text}")


def select(
    rows: Rows,
    query: Query,
    *,
    resource: str = "Function",
    count: bool = True,
    find: Callable[[str], Row | None],
    walk: Walk | None = None,
) -> Page:
    """The page of `rows` that `query` asks for.

    `find` looks the cursor's record up by id, among all rows of its kind; `resource` names the
    kind in errors. Without `count` the total is 0. Ties are in order of creation. `walk` may know
    all of `rows` in another order, which need not be sorted then. Raises ApiError
    `general_cursor_not_found` or `database_query_order_null`. Source: Appwrite 1.9.6.
    """
    cursor = _find_cursor(query, find, resource) if query.cursor else None
    if walk and (ready := _in_order(query, walk)):
        page = list(islice(ready, *_window(query, len(rows))))
        return Page(page, min(len(rows), TOTAL_CAP) if count else 0)
    if query.shuffled or any(order.attribute for order in query.orders):
        page, total = _sorted_page(rows, query, cursor)
    else:
        page, total = _walked_page(rows, query, cursor, count=count)
    return Page(page, min(total, TOTAL_CAP) if count else 0)


def _in_order(query: Query, walk: Walk) -> Iterator[Row] | None:
    """All rows as wanted, where no cursor, test or second order makes it more difficult."""
    if query.cursor or query.tests or query.shuffled or len(query.orders) != 1:
        return None
    order = query.orders[0]
    return walk(order.field, descending=order.descending) if order.field else None


def _window(query: Query, size: int) -> tuple[int, int]:
    """Where the page starts and stops; numbers may be larger than `islice` bears."""
    return min(query.offset, size), min(query.offset + query.limit, size)


def _find_cursor(query: Query, find: Callable[[str], Row | None], resource: str) -> Row:
    assert query.cursor, "only for queries with a cursor"
    row = find(query.cursor.id)
    if row is None:
        message = f"{resource} '{query.cursor.id}' for the 'cursor' value not found."
        raise ApiError("general_cursor_not_found", message)
    for order in query.orders:
        if order.value(row) is None:
            message = (
                f"The order attribute '{order.attribute}' had a null value. Cursor pagination "
                "requires all documents order attribute values are non-null."
            )
            raise ApiError("database_query_order_null", message)
    return row


def _walked_page(
    rows: Rows, query: Query, cursor: Row | None, *, count: bool
) -> tuple[list[Row], int]:
    """The page when the order is that of creation, or its reverse: no more rows than needed."""
    before = query.cursor is not None and query.cursor.before
    newest_first = bool(query.orders) and query.orders[0].descending
    backwards = newest_first != before
    source: Iterable[Row] = reversed(rows) if backwards else rows
    passing = query.passing(source)
    if count and query.tests:
        kept = list(passing)
        total, passing = len(kept), iter(kept)
    else:
        total = len(rows)
    if cursor is not None:
        passing = _beyond(passing, cursor["$sequence"], backwards=backwards)
    page = list(islice(passing, *_window(query, len(rows))))
    return page[::-1] if before else page, total


def _beyond(rows: Iterable[Row], sequence: int, *, backwards: bool) -> Iterator[Row]:
    if backwards:
        return (row for row in rows if row["$sequence"] < sequence)
    return (row for row in rows if row["$sequence"] > sequence)


def _sorted_page(rows: Rows, query: Query, cursor: Row | None) -> tuple[list[Row], int]:
    found = list(query.passing(rows))
    total = len(found)
    if cursor is not None and all(row["$id"] != cursor["$id"] for row in found):
        found.append(cursor)
        found.sort(key=lambda row: row["$sequence"])
    if query.shuffled:
        secrets.SystemRandom().shuffle(found)
    for order in reversed(query.orders):
        found = _ordered(found, order)
    if cursor is None or query.cursor is None:
        return found[query.offset : query.offset + query.limit], total
    place = next(i for i, row in enumerate(found) if row["$id"] == cursor["$id"])
    if query.cursor.before:
        end = max(0, place - query.offset)
        return found[max(0, end - query.limit) : end], total
    start = place + 1 + query.offset
    return found[start : start + query.limit], total


def _ordered(rows: Sequence[Row], order: Order) -> list[Row]:
    """The rows by one attribute, null first. Plain values sort several times faster than pairs."""
    values = list(map(order.value, rows))
    if None in values:
        values = [(value is not None, 0 if value is None else value) for value in values]
    places = sorted(range(len(rows)), key=values.__getitem__, reverse=order.descending)
    return [rows[place] for place in places]


def search(term: str, texts: Iterable[str]) -> bool:
    """Whether one of the words of `term` is in `texts`, the last one as the start of a word.

    A term in double quotes is a phrase; a whole text always matches itself. Case does not count.
    Source: Appwrite 1.9.6, with letters, digits and `_` as the parts of words.
    """
    wanted = _words(term)
    stored = [_words(text) for text in texts]
    if not wanted:
        return False
    if len(term) > 2 and term[0] == term[-1] == '"':
        return any(_has_phrase(words, wanted) for words in stored)
    return any(word in wanted or word.startswith(wanted[-1]) for words in stored for word in words)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


def _has_phrase(words: Sequence[str], phrase: Sequence[str]) -> bool:
    size = len(phrase)
    return any(words[i : i + size] == phrase for i in range(len(words) - size + 1))
