"""Passwords are known by their hashes alone."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator.services import passwords


@settings(max_examples=20)
@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=256))
def test_a_password_is_known_again_and_no_other_is(password: str) -> None:
    # To scrypt, as to any user of HMAC, zeros at the end of a password are not there.
    stored = passwords.hashed(password)
    assert passwords.is_correct(password, stored)
    assert not passwords.is_correct(password + "x", stored)
    assert not passwords.is_correct(password[:-1], stored)


def test_equal_passwords_have_different_hashes() -> None:
    assert passwords.hashed("correct horse") != passwords.hashed("correct horse")


@pytest.mark.parametrize("password", ["", "x"])
def test_nothing_opens_an_account_without_password(password: str) -> None:
    assert not passwords.is_correct(password, "")


def test_a_hash_is_cheap_enough_for_tests() -> None:
    began = time.process_time()
    for _ in range(10):
        passwords.hashed("correct horse")
    assert (time.process_time() - began) / 10 < 0.01
