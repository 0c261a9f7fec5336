"""JSON schemas: of parameters out of their validators, of models out of their shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin

from ..models import Headers
from . import wire_models
from .numbers import NumberOf
from .params import REQUIRED, Param
from .request import Version
from .roles import Roles
from .validators import (
    ArrayOf,
    Boolean,
    Cron,
    CustomId,
    Date,
    EmptyOr,
    FunctionEvent,
    HeadersParam,
    Nullable,
    Object,
    Pattern,
    Queries,
    Range,
    Raw,
    Specification,
    Text,
    Uid,
    Validator,
    WhiteList,
)

Json = dict[str, Any]

_ID = r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}"
_TYPES: dict[object, Json] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    dict: {"type": "object"},
}


def of_param(param: Param) -> Json:
    """What may be given for a parameter, and what holds when nothing is."""
    schema = of_validator(param.validator)
    default = list(param.default) if isinstance(param.default, tuple) else param.default
    is_told = default not in (REQUIRED, None) and (default or not schema.get("minLength"))
    return {**schema, "default": default} if is_told else schema


def of_validator(validator: Validator) -> Json:
    """The values a validator accepts as nearly as a schema can say it; {} for one unknown here."""
    match validator:
        case EmptyOr(inner):
            return {"anyOf": [of_validator(inner), {"type": "string", "maxLength": 0}]}
        case Nullable(inner):
            return {**of_validator(inner), "nullable": True}
        case ArrayOf(inner, most):
            return {"type": "array", "items": of_validator(inner), "maxItems": most}
        case Roles(most):
            return {"type": "array", "items": {"type": "string"}, "maxItems": most}
        case Queries():
            return {"type": "array", "items": {"type": "string"}}
        case Range(low, high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case NumberOf(values):
            return {"type": "integer", "enum": list(values)}
        case Boolean():
            return {"type": "boolean"}
        case Object():
            return {"type": "object"}
        case HeadersParam():
            return {"oneOf": [{"type": "object"}, {"type": "string", "maxLength": 65535}]}
    return _of_text(validator)


def _of_text(validator: Validator) -> Json:
    match validator:
        case Text(most, 0) | Raw(most):
            return {"type": "string", "maxLength": most}
        case Text(most, least):
            return {"type": "string", "minLength": least, "maxLength": most}
        case WhiteList(values) | Specification(values):
            return {"type": "string", "enum": list(values)}
        case Pattern(regex):
            return {"type": "string", "pattern": f"^(?:{regex})$"}
        case Uid():
            return {"type": "string", "maxLength": 36, "pattern": f"^{_ID}$"}
        case CustomId():
            return {"type": "string", "maxLength": 36, "pattern": rf"^(unique\(\)|{_ID})$"}
        case Cron() | FunctionEvent() | Date():
            return {"type": "string"}
    return {}


def of_models(names: Iterable[str], format: Version) -> Json:
    """The schemas of models in a client's format and of all that they refer to, by name."""
    found: Json = {}
    waiting = sorted(names)
    while waiting:
        name = waiting.pop(0)
        if name not in found:
            keys = wire_models.fields(name, format)
            found[name] = _of_model(keys)
            waiting += [each for kind in keys.values() for each in _models_in(kind)]
    return dict(sorted(found.items()))


def reference(model: str) -> Json:
    """A schema that refers to a model."""
    return {"$ref": f"#/components/schemas/{model}"}


def _of_model(keys: wire_models.Fields) -> Json:
    required = {"required": list(keys)} if keys else {}
    properties = {key: _of_kind(kind) for key, kind in keys.items()}
    return {"type": "object", **required, "properties": properties}


def _of_kind(kind: Any) -> Json:
    if isinstance(kind, Mapping):
        return _of_model(kind)
    if isinstance(kind, str):
        return reference(kind)
    if isinstance(kind, list):
        return {"type": "array", "items": _of_kind(kind[0])}
    if kind == Headers:
        return _of_kind(["headers"])
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"type": "string", "enum": [member.value for member in kind]}
    given = get_args(kind)
    if NoneType in given:
        return {**_of_kind(given[0]), "nullable": True}
    origin = get_origin(kind) or kind
    return {"type": "array", "items": _of_kind(given[0])} if origin is tuple else _TYPES[origin]


def _models_in(kind: Any) -> list[str]:
    if kind == Headers:
        return ["headers"]
    return [each for each in (kind if isinstance(kind, list) else [kind]) if isinstance(each, str)]
