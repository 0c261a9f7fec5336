"""The fields of every model on the wire and what they hold: one table of names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, get_type_hints

from . import wire_console, wire_functions, wire_people
from .render import SHAPES, shape_in
from .request import Version

Fields = Mapping[str, Any]
"""The keys of a model with what they hold: a Python type, a model's name, a list of one of these,
or the keys of a model without a name."""

# What a model has beside the values of its record, where that is no text.
_COMPUTED: Fields = {"vars": ["variable"], "emailEnabled": bool}

# Models that are not made from a record's shape, by format.
_OTHERS: Mapping[str, Callable[[Version], Fields]] = {
    **wire_console.MODELS,
    **wire_functions.MODELS,
    **wire_people.MODELS,
}

# What lists call their items where it is not the model's name and an s.
_ITEMS: Mapping[str, str] = {"templateFunction": "templates", "proxyRule": "rules"}


def fields(model: str, format: Version) -> Fields:
    """The fields that a model has for clients that want `format`; none of one unknown."""
    if model in SHAPES:
        return _shaped(model, format)
    if model in _OTHERS:
        return _OTHERS[model](format)
    item = model.removesuffix("List")
    return {"total": int, _ITEMS.get(item, f"{item}s"): [item]} if item != model else {}


def _shaped(model: str, format: Version) -> Fields:
    shape = shape_in(format, SHAPES[model])
    kinds = _kinds(shape.kind)
    stored = {key: kinds[attribute] for key, attribute in shape.stored.items()}
    return {key: stored.get(key) or _COMPUTED.get(key, str) for key in shape.empty}


def _read_kinds(record: Any) -> Fields:
    """The types of a record's attributes; of a status that of its default, which has a class."""
    named = {field.name: type(field.default) for field in dataclasses.fields(record)}
    enums = {name: kind for name, kind in named.items() if issubclass(kind, StrEnum)}
    return {**get_type_hints(record), **enums}


_kinds: Callable[[Any], Fields] = cache(_read_kinds)
