"""JSON as bytes, the same with orjson and without it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator import jsontext

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


@pytest.fixture(params=["with orjson", "without orjson"])
def with_and_without(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without orjson":
        monkeypatch.setattr(jsontext, "library", None)
    elif jsontext.library is None:
        monkeypatch.setattr(jsontext, "library", Double())


class Double:
    """What orjson refuses, where it is not installed."""

    def dumps(self, value: Any) -> bytes:
        try:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        except UnicodeEncodeError as exc:
            raise TypeError(str(exc)) from exc

    def loads(self, data: bytes) -> Any:
        if b"\\ud" in data:
            raise ValueError("lone surrogate")
        return json.loads(data)


@pytest.mark.usefixtures("with_and_without")
def test_text_is_compact_and_not_escaped() -> None:
    assert jsontext.encode({"a": [1, "é/"]}) == '{"a":[1,"é/"]}'.encode()


@pytest.mark.usefixtures("with_and_without")
@pytest.mark.parametrize("value", ["\ud800", {"k": "a\udfff"}, 2**70, -(2**70), ["\ud83d\ude00"]])
def test_what_is_hard_to_write_is_read_back(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value)) == json.loads(json.dumps(value))


@pytest.mark.usefixtures("with_and_without")
def test_what_is_not_json_raises_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"line 1|Expecting"):
        jsontext.decode(b"{")


@given(VALUES)
def test_every_value_comes_back(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value)) == json.loads(json.dumps(value))
