"""The fields of what is beside functions: templates, usage, and who is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from ..templates import Template, TemplateRuntime, TemplateVariable
from . import templates, usage
from .examples import like
from .render import Wire
from .request import Version

Fields = Mapping[str, Any]

_TEMPLATE = Template(
    id="",
    name="",
    icon="",
    score=0,
    tagline="",
    use_cases=(),
    runtimes=(TemplateRuntime("", "", "", ""),),
    variables=(TemplateVariable(name="", description="", type=""),),
    scopes=(),
    events=(),
    timeout=0,
    version="",
)
_PLACE = ("ip", "countryCode", "country", "continentCode", "continent")
_LOCALE: Fields = {**dict.fromkeys(_PLACE, str), "eu": bool, "currency": str}
_FIXED: Mapping[str, Fields] = {
    "error": {"message": str, "code": int, "type": str, "version": str},
    "headers": {"name": str, "value": str},
    "metric": {"value": int, "date": str},
    "healthVersion": {"version": str},
    "healthStatus": {"name": str, "status": str, "ping": int},
    "locale": _LOCALE,
    "any": {},
}


def _template(format: Version) -> Fields:
    nested = {"runtimes": ["templateRuntime"], "variables": ["templateVariable"]}
    return like(_wire(format), **nested)


def _template_part(name: str, format: Version) -> Fields:
    return like(_wire(format)[name][0])


def _wire(format: Version) -> Wire:
    return templates.template(_TEMPLATE, with_secret=format >= (1, 7, 0))


def _usage(model: str, format: Version) -> Fields:
    names = usage.fields(model, format)
    sums = ("Total", "Average")
    return {"range": str, **{name: int if name.endswith(sums) else ["metric"] for name in names}}


def _fixed(fields: Fields, _format: Version) -> Fields:
    return fields


MODELS: Mapping[str, Callable[[Version], Fields]] = {
    **{name: partial(_fixed, fields) for name, fields in _FIXED.items()},
    "templateFunction": _template,
    "templateRuntime": partial(_template_part, "runtimes"),
    "templateVariable": partial(_template_part, "variables"),
    "usageFunction": partial(_usage, "usageFunction"),
    "usageFunctions": partial(_usage, "usageFunctions"),
}
"""The fields of each model for clients that want a format."""
