"""What all lists take: queries, search, and whether to count."""

from __future__ import annotations

from collections.abc import Mapping

from .. import query
from ..query import Attribute
from ..services.records import Listing
from .params import Param, query_params, read
from .request import Request
from .validators import Boolean, Queries, Text

_QUERIES = Param("queries", Queries(), ())
_SEARCH = Param("search", Text(256), "")
_TOTAL = Param("total", Boolean(loose=True), True)
UNSEARCHED = (_QUERIES, _TOTAL)
"""The parameters of a list without search."""
LIST = (_QUERIES, _SEARCH, _TOTAL)
"""The parameters of a list."""


def read_listing(
    request: Request,
    attributes: Mapping[str, Attribute],
    *,
    selectable: bool = False,
    searchable: bool = True,
) -> Listing:
    """The wanted part of a list. Raises ApiError general_argument_invalid, general_query_invalid.

    Queries in the syntax of before 1.5.0 are read for clients that name such a format.
    """
    values = read(LIST if searchable else UNSEARCHED, query_params(request.query))
    wanted = query.parse(
        values["queries"],
        attributes,
        legacy=request.is_older((1, 5, 0)),
        selectable=selectable,
        era=request.era,
    )
    return Listing(wanted, values.get("search", ""), values["total"])
