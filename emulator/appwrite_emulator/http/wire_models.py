"""The fields of every model on the wire and what they hold: one table of names."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, TypedDict, get_type_hints

from ..config import Config
from ..models import Project
from ..people import ApiKey, Membership, Session, Team, Token, User
from ..services.memberships import Member
from ..templates import Template, TemplateRuntime, TemplateVariable
from . import render_console, render_people, render_teams, templates, usage
from .render import SHAPES, Wire, shape_in
from .request import Version

Fields = Mapping[str, Any]
"""The keys of a model with what they hold: a Python type, a model's name, a list of one of these,
or the keys of a model without a name."""

# What a model has beside the values of its record, where that is no text.
_COMPUTED: Fields = {"vars": ["variable"], "emailEnabled": bool}
# What is null in examples and no text.
_NULL: Fields = dict.fromkeys(
    ["emailIsFree", "emailIsDisposable", "emailIsCorporate", "emailIsCanonical", "impersonator"],
    bool | None,
)


class _Born(TypedDict):
    id: str
    project: str
    created_at: str
    updated_at: str


_BORN: _Born = {"id": "", "project": "", "created_at": "", "updated_at": ""}
_USER = User(**_BORN, email="e")
_SESSION = Session(**_BORN, user_id="", secret="", expire="")
_TOKEN = Token(**_BORN, user_id="", secret="", expire="")
_TEAM = Team(**_BORN, name="")
_MEMBER = Member(Membership(**_BORN, user_id="", team_id=""), _TEAM, _USER)
_KEY = ApiKey(**_BORN, name="", secret="")
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


def _like(example: Wire, **others: Any) -> Fields:
    """The fields of a model of which `example` is one; `others` are those it does not tell."""
    return {key: others.get(key) or _kind(key, value) for key, value in example.items()}


def _kind(key: str, value: Any) -> Any:
    if value is None:
        return _NULL.get(key, str | None)
    if isinstance(value, list | tuple):
        return [_kind(key, value[0])] if value else [str]
    return _like(value) if isinstance(value, dict) and value else type(value)


def _user(format: Version) -> Fields:
    return _like(render_people.user(_USER, format), targets=["target"])


def _account(format: Version) -> Fields:
    return _like(render_people.account(_USER, format), targets=["target"])


def _target(_format: Version) -> Fields:
    return _like(render_people.user(_USER, (1, 9, 0))["targets"][0])


def _template(format: Version) -> Fields:
    nested = {"runtimes": ["templateRuntime"], "variables": ["templateVariable"]}
    return _like(_template_wire(format), **nested)


def _template_wire(format: Version) -> Wire:
    return templates.template(_TEMPLATE, with_secret=format >= (1, 7, 0))


def _ephemeral_key(format: Version) -> Fields:
    is_jwt = format < (1, 9, 3)
    return _like(render_console.key_as_jwt(_KEY) if is_jwt else render_console.key(_KEY))


def _project(_format: Version) -> Fields:
    return _like(render_console.project(Project(**_BORN, name=""), [_KEY]), keys=["key"])


def _console_variables(format: Version) -> Fields:
    return _like(render_console.variables(Config(), "", "1.6" if format < (1, 7, 0) else "1.9"))


def _usage(of: str, format: Version) -> Fields:
    sums = ("Total", "Average")
    names = usage.fields(of, format)
    return {"range": str} | {n: int if n.endswith(sums) else ["metric"] for n in names}


# The models that have no shape, by format.
_OTHERS: Mapping[str, Callable[[Version], Fields]] = {
    "error": lambda _: {"message": str, "code": int, "type": str, "version": str},
    "headers": lambda _: {"name": str, "value": str},
    "any": lambda _: {},
    "preferences": lambda _: {},
    "metric": lambda _: {"value": int, "date": str},
    "usageFunction": lambda format: _usage("usageFunction", format),
    "usageFunctions": lambda format: _usage("usageFunctions", format),
    "templateFunction": _template,
    "templateRuntime": lambda format: _like(_template_wire(format)["runtimes"][0]),
    "templateVariable": lambda format: _like(_template_wire(format)["variables"][0]),
    "user": _user,
    "account": _account,
    "target": _target,
    "session": lambda format: _like(render_people.session(_SESSION, format)),
    "token": lambda format: _like(render_people.token(_TOKEN, format, secret="")),
    "jwt": lambda _: {"jwt": str},
    "team": lambda _: _like(render_teams.team(_TEAM, 0)),
    "membership": lambda format: _like(render_teams.membership(_MEMBER, format)),
    "project": _project,
    "key": lambda _: _like(render_console.key(_KEY)),
    "ephemeralKey": _ephemeral_key,
    "consoleVariables": _console_variables,
    "healthVersion": lambda _: {"version": str},
    "healthStatus": lambda _: {"name": str, "status": str, "ping": int},
    "locale": lambda _: {
        **dict.fromkeys(("ip", "countryCode", "country", "continentCode", "continent"), str),
        "eu": bool,
        "currency": str,
    },
}

# What lists call their items where it is not the model's name and an s.
_ITEMS: Mapping[str, str] = {"templateFunction": "templates", "proxyRule": "rules"}


def is_known(model: str) -> bool:
    """Whether `model`, or what it is a list of, is in the table."""
    names = {*SHAPES, *_OTHERS}
    return model in names or model.removesuffix("List") in names


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
