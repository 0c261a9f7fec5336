"""JSON as bytes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator import jsontext

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(codec=None)),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)  # fmt: skip


def test_text_is_compact_and_not_escaped() -> None:
    assert jsontext.encode({"a": [1, "é/"]}) == '{"a":[1,"é/"]}'.encode()


@pytest.mark.parametrize("value", ["\ud800", {"k": "a\udfff"}, 2**70, -(2**70), ["\ud83d\ude00"]])
def test_what_is_hard_to_write_is_read_back(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value)) == json.loads(json.dumps(value))


def test_whole_numbers_beyond_64_bits_are_written_exactly_and_read_as_php_reads_them() -> None:
    assert jsontext.encode(2**70 + 1) == b"1180591620717411303425"
    assert isinstance(jsontext.decode(b"1180591620717411303425"), float)


def test_what_is_not_json_raises_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"line 1|Expecting"):
        jsontext.decode(b"{")


@given(VALUES)
def test_every_value_comes_back(value: Any) -> None:
    assert jsontext.decode(jsontext.encode(value)) == json.loads(json.dumps(value))
