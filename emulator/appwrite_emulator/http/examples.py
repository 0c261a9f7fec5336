"""What a model has, told by an example of it: no field is listed twice."""

from __future__ import annotations

from typing import Any

from .render import Wire


def like(example: Wire, **others: Any) -> dict[str, Any]:
    """The fields of a model of which `example` is one, with what they hold; `others` are those of
    which it does not tell the truth. Null stands for a text that may be null, an empty list for one
    of texts."""
    return {key: others.get(key) or _kind(value) for key, value in example.items()}


def _kind(value: Any) -> Any:
    if value is None:
        return str | None
    if isinstance(value, list | tuple):
        return [_kind(value[0])] if value else [str]
    return like(value) if isinstance(value, dict) and value else type(value)
