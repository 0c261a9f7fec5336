"""Rows and documents with all that Appwrite says of each, since typed SDKs take nothing less."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..models import unique_id
from ..services.stubs import StubRefused

_ID = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)


class Kind(NamedTuple):
    """What such things are called in a list, and what they lie in."""

    plural: str
    table: str  # as it is named in paths
    table_id: str


ROWS = Kind("rows", "tables", "$tableId")
DOCUMENTS = Kind("documents", "collections", "$collectionId")


class Origin(NamedTuple):
    """Where rows are from: the path of the API that they are asked at, and the time."""

    kind: Kind
    path: str
    now: str

    def whole(self, row: Mapping[str, Any], number: int) -> dict[str, Any]:
        """The row with what it leaves out. Raises StubRefused for what is none."""
        if not isinstance(row, Mapping):
            raise StubRefused(f"{row!r} must be an object, such as {{'$id': 'one'}}.")
        filled = {
            "$id": unique_id(),
            "$sequence": str(number),
            self.kind.table_id: self._id_after(self.kind.table),
            "$databaseId": self._id_after("databases") or self._id_after("tablesdb"),
            "$createdAt": self.now,
            "$updatedAt": row.get("$createdAt", self.now),
            "$permissions": [],
        }
        return {**filled, **row}

    def _id_after(self, segment: str) -> str:
        """The id that follows in the path; "" where the path leaves it open."""
        segments = self.path.split("/")
        ids = segments[segments.index(segment) + 1 :] if segment in segments else []
        return ids[0] if ids and _ID.fullmatch(ids[0]) else ""
