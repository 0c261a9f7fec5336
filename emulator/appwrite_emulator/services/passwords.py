"""Passwords: only their scrypt hashes are kept, cheap enough for tests that make many users."""

from __future__ import annotations

import hashlib
import hmac
import secrets

COST_CPU, COST_MEMORY, COST_PARALLEL, LENGTH = 1024, 8, 1, 64


def hashed(password: str) -> str:
    """What is stored for `password`: a new salt and the hash, as hex digits."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${_hash(password, salt).hex()}"


def is_correct(password: str, stored: str) -> bool:
    """Whether `stored` was made of `password`; never when nothing is stored."""
    salt, dollar, digest = stored.partition("$")
    if not dollar:
        return False
    return hmac.compare_digest(_hash(password, bytes.fromhex(salt)), bytes.fromhex(digest))


def _hash(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=COST_CPU,
        r=COST_MEMORY,
        p=COST_PARALLEL,
        dklen=LENGTH,
    )
