"""JSON schemas of parameters and models."""

from __future__ import annotations

from typing import Any

import pytest

from appwrite_emulator.http import schema
from appwrite_emulator.http import validators as v
from appwrite_emulator.http.params import Param
from appwrite_emulator.http.roles import Roles
from appwrite_emulator.http.rules import StatusCode

NEW = (1, 9, 6)


@pytest.mark.parametrize(
    ("validator", "wanted"),
    [
        (v.Text(9), {"type": "string", "minLength": 1, "maxLength": 9}),
        (v.Text(9, 0), {"type": "string", "maxLength": 9}),
        (v.Raw(9), {"type": "string", "maxLength": 9}),
        (v.Boolean(loose=True), {"type": "boolean"}),
        (v.Range(1, 900), {"type": "integer", "minimum": 1, "maximum": 900}),
        (v.WhiteList(("a", "b")), {"type": "string", "enum": ["a", "b"]}),
        (v.Specification(("s-1",)), {"type": "string", "enum": ["s-1"]}),
        (v.ArrayOf(v.Boolean(), 7), {"type": "array", "items": {"type": "boolean"}, "maxItems": 7}),
        (Roles(), {"type": "array", "items": {"type": "string"}, "maxItems": 100}),
        (v.Queries(), {"type": "array", "items": {"type": "string"}}),
        (v.Nullable(v.Boolean()), {"type": "boolean", "nullable": True}),
        (v.Object(), {"type": "object"}),
        (v.Pattern("a|b", "text"), {"type": "string", "pattern": "^(?:a|b)$"}),
        (v.Cron(), {"type": "string"}),
        (v.Date(), {"type": "string"}),
        (StatusCode(), {"type": "integer", "enum": [301, 302, 307, 308]}),
        (
            v.EmptyOr(v.Boolean()),
            {"anyOf": [{"type": "boolean"}, {"type": "string", "maxLength": 0}]},
        ),
        (
            v.HeadersParam(),
            {"oneOf": [{"type": "object"}, {"type": "string", "maxLength": 65535}]},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_validator_has_its_schema(validator: v.Validator, wanted: Any) -> None:
    assert schema.of_validator(validator) == wanted


@pytest.mark.parametrize(
    ("param", "default"),
    [
        (Param("name", v.Text(9), "x"), "x"),
        (Param("list", v.Queries(), ("a",)), ["a"]),
        (Param("off", v.Boolean(), False), False),
        (Param("none", v.Range(0, 9), 0), 0),
        (Param("empty", v.Text(9, 0), ""), ""),
        (Param("required", v.Text(9)), None),
        (Param("unset", v.Text(9), None), None),
        (Param("not a value of its own", v.Text(9), ""), None),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_default_is_told_if_it_could_be_given(param: Param, default: Any) -> None:
    assert schema.of_param(param).get("default") == default


def test_models_come_with_those_they_refer_to() -> None:
    models = schema.of_models(["functionList"], NEW)
    assert list(models) == ["function", "functionList", "variable"]
    listed = models["functionList"]["properties"]
    assert listed["functions"] == {"type": "array", "items": schema.reference("function")}
    assert models["function"]["properties"]["vars"]["items"] == schema.reference("variable")


def test_only_what_may_be_null_is_nullable() -> None:
    models = schema.of_models(["function", "deployment", "execution", "variable"], NEW)
    nullable = [
        f"{name}.{key}"
        for name, model in models.items()
        for key, field in model["properties"].items()
        if field.get("nullable")
    ]
    assert nullable == ["execution.scheduledAt"]


def test_a_model_has_the_fields_of_the_format() -> None:
    old, new = (schema.of_models(["deployment"], f)["deployment"] for f in ((1, 6, 0), NEW))
    assert "size" in old["required"]
    assert "sourceSize" not in old["properties"]
    assert "sourceSize" in new["required"]
    assert new["properties"]["status"]["enum"][0] == "waiting"


def test_a_model_unknown_here_is_any_object() -> None:
    assert schema.of_models(["nothing"], NEW) == {"nothing": {"type": "object", "properties": {}}}
