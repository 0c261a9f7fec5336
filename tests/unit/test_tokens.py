"""Signing and reading tokens, and the keys of functions."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from appwrite_emulator import tokens

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(seconds=15)
SECRET = b"a secret of this emulator"


def test_a_token_has_appwrites_header_and_its_end_as_the_last_claim() -> None:
    token = tokens.sign({"userId": "u"}, b"secret", expires_at=LATER)
    header, payload, _ = token.split(".")
    assert base64.urlsafe_b64decode(header) == b'{"typ":"JWT","alg":"HS256"}'
    assert base64.urlsafe_b64decode(payload + "==") == b'{"userId":"u","exp":1769851815}'


def test_the_signature_is_that_of_the_published_example() -> None:
    # The example of RFC 7515, appendix A.1, whose header has line breaks and whose key is binary.
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    key = bytes.fromhex(
        "0323354b2b0fa5bc837e0665777ba68f5ab328e6f054c928a90f84b2d2502ebf"
        "d3fb5a92d20647ef968ab4c377623d223d2e2172052e4f08c0cd9af567d080a3"
    )
    claims = tokens.verify(token, key, datetime(2011, 3, 22, tzinfo=UTC))
    assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}


def test_a_token_gives_back_its_claims_and_its_end() -> None:
    token = tokens.sign({"userId": "ü", "sessionId": ""}, SECRET, expires_at=LATER)
    claims = tokens.verify(token, SECRET, NOW)
    assert claims == {"userId": "ü", "sessionId": "", "exp": int(LATER.timestamp())}


def test_a_token_ends_at_the_very_second() -> None:
    token = tokens.sign({}, SECRET, expires_at=LATER)
    assert tokens.verify(token, SECRET, LATER - timedelta(seconds=1))
    with pytest.raises(tokens.TokenInvalid, match=r"^Expired$"):
        tokens.verify(token, SECRET, LATER)


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("", "Incomplete segments"),
        ("a.b", "Incomplete segments"),
        ("a.b.c", "Missing header algo"),
        ("\udc80.ü.c", "Missing header algo"),
        ("eyJ0eXAiOiJKV1QifQ.e30.", "Missing header algo"),
        ("eyJhbGciOiJub25lIn0.e30.", "Unsupported header algo"),
        ("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.c", "Signature failed"),
    ],
)
def test_a_token_that_is_not_ours_is_refused(token: str, text: str) -> None:
    with pytest.raises(tokens.TokenInvalid, match=f"^{text}$"):
        tokens.verify(token, SECRET, NOW)


def test_every_part_of_a_token_is_signed() -> None:
    header, payload, signature = tokens.sign({"a": 1}, SECRET, expires_at=LATER).split(".")
    other = tokens.sign({"a": 2}, SECRET, expires_at=LATER).split(".")[1]
    for forged in (f"{header}.{other}.{signature}", f"{header}.{payload}.{signature[:-2]}"):
        with pytest.raises(tokens.TokenInvalid, match="Signature failed"):
            tokens.verify(forged, SECRET, NOW)
    with pytest.raises(tokens.TokenInvalid, match="Signature failed"):
        tokens.verify(f"{header}.{payload}.{signature}", b"another secret", NOW)


@pytest.mark.parametrize("prefix", ["dynamic_", "ephemeral_"])
def test_a_function_key_carries_project_and_scopes(prefix: tokens.KeyPrefix) -> None:
    key = tokens.function_key(
        prefix, tokens.FunctionKey("shop", ("users.read",)), SECRET, expires_at=LATER
    )
    assert key.startswith(prefix)
    assert tokens.read_key(key, SECRET, NOW) == tokens.FunctionKey("shop", ("users.read",))
    assert set(tokens.verify(key.removeprefix(prefix), SECRET, NOW)) == {
        "projectId", "scopes", "exp",
    }  # fmt: skip


def test_the_key_of_a_run_that_events_led_to_says_how_many() -> None:
    allowed = tokens.FunctionKey("shop", ("users.read",), depth=3)
    key = tokens.function_key("ephemeral_", allowed, SECRET, expires_at=LATER)
    assert tokens.read_key(key, SECRET, NOW) == allowed


def test_the_key_of_a_function_names_it() -> None:
    allowed = tokens.FunctionKey("shop", ("users.read",), function="resize")
    key = tokens.function_key("ephemeral_", allowed, SECRET, expires_at=LATER)
    assert tokens.read_key(key, SECRET, NOW) == allowed


def test_a_key_of_another_kind_is_refused() -> None:
    token = tokens.sign({}, SECRET, expires_at=LATER)
    for key in ("", "standard_ab12", token, "dynamic_" + token[:-1]):
        with pytest.raises(tokens.TokenInvalid):
            tokens.read_key(key, SECRET, NOW)


def test_a_key_tells_its_function_and_epoch_only_where_it_has_some() -> None:
    bare = tokens.FunctionKey("p", ("a",))
    full = tokens.FunctionKey("p", ("a",), 1, "f", "abc.1")
    for key, names in ((bare, []), (full, ["depth", "functionId", "epoch"])):
        text = tokens.function_key("ephemeral_", key, b"secret", expires_at=LATER)
        payload = text.removeprefix("ephemeral_").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
        assert list(claims) == ["projectId", "scopes", *names, "exp"]
        assert tokens.read_key(text, b"secret", NOW) == key
