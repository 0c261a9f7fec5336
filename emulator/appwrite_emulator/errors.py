"""What can go wrong, in Appwrite's words: the one error and the one table of its types."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

Era = Literal["1.6", "1.9"]
"""An Appwrite generation whose texts and shapes we speak: 1.6 is 1.6.2, 1.9 is 1.9.6."""

SERVER_VERSIONS: dict[Era, str] = {"1.6": "1.6.2", "1.9": "1.9.6"}


class ApiError(Exception):
    """A refusal that the caller of the API sees, as `{message, code, type, version}`.

    `type` is a key of the error table; `message` replaces the table's text. Status codes live in
    the table alone. Source: contract of Appwrite 1.6.2 and 1.9.6, error configuration.
    """

    def __init__(self, type: str, message: str | None = None) -> None:
        assert type in table(), f"error type {type!r} is not in the error table"
        super().__init__(message or type)
        self.type = type
        self.message = message


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One error of one era: its HTTP status, its default text, and the type callers see."""

    code: int
    message: str
    type: str


@cache
def table() -> dict[str, dict[Era, ErrorRow]]:
    """Every error type of both eras, by type and era."""
    path = Path(__file__).parent / "data" / "errors.json"
    rows = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: {
            era: ErrorRow(row["code"], row["message"], row.get("type", name))
            for era, row in eras.items()
        }
        for name, eras in rows.items()
    }


def resolve(error: ApiError, era: Era) -> ErrorRow:
    """The status and text of `error` in `era`; a type the era lacks answers as the other one."""
    eras = table()[error.type]
    row = eras.get(era) or next(iter(eras.values()))
    return replace(row, message=error.message or row.message)
