"""What clients hold of a session."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.services.sessions import decode, encode

SOME = st.text(min_size=1)


def test_a_credential_is_what_appwrite_makes() -> None:
    assert base64.b64decode(encode("ann", "00ff")) == b'{"id":"ann","secret":"00ff"}'


@given(SOME, SOME)
def test_a_credential_names_user_and_secret(user_id: str, secret: str) -> None:
    assert decode(encode(user_id, secret)) == (user_id, secret)


@given(st.text())
def test_any_text_is_read_or_is_none(text: str) -> None:
    found = decode(text)
    assert found is None or all(found)


@pytest.mark.parametrize(
    "value",
    [None, [], "x", 1, {}, {"id": "a"}, {"secret": "b"}, {"id": "", "secret": "b"},
     {"id": "a", "secret": ""}, {"id": ["a"], "secret": "b"}, {"id": "a", "secret": 1}],
)  # fmt: skip
def test_other_values_are_no_credentials(value: object) -> None:
    assert decode(base64.b64encode(json.dumps(value).encode()).decode()) is None
