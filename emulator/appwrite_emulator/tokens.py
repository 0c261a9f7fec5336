"""JSON web tokens (HS256), and the API keys that functions receive."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

KeyPrefix = Literal["dynamic_", "ephemeral_"]
"""How a function's key begins: 1.6 issues the first, 1.9 the second, both are read."""

_PREFIXES: tuple[KeyPrefix, ...] = ("dynamic_", "ephemeral_")
_encode = json.JSONEncoder(separators=(",", ":")).encode


class TokenInvalid(Exception):
    """The token is not one of ours, or no longer valid.

    The message is what Appwrite writes after "Invalid token: ": `Incomplete segments`,
    `Missing header algo`, `Unsupported header algo`, `Signature failed` or `Expired`.
    """


class SignatureFailed(TokenInvalid):
    """The token was not signed with this secret."""


@dataclass(frozen=True, slots=True)
class FunctionKey:
    """What a function's key allows."""

    project: str
    scopes: tuple[str, ...]
    depth: int = 0  # how many events, each caused by the one before, led to who has it
    function: str = ""  # the id of who has it; empty for keys made through the API
    epoch: str = ""  # the mark of the one in which it was issued, and holds


def _to_segment(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _from_segment(segment: bytes) -> Any:
    """The JSON value of a segment; None when it is none."""
    try:
        return json.loads(base64.urlsafe_b64decode(segment + b"=" * (-len(segment) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None


_HEADER = _to_segment(b'{"typ":"JWT","alg":"HS256"}')


def sign(claims: Mapping[str, Any], secret: bytes, *, expires_at: datetime) -> str:
    """A token with `claims` and `exp`, the whole second in which `expires_at` lies."""
    payload = _encode({**claims, "exp": int(expires_at.timestamp())}).encode()
    signed = _HEADER + b"." + _to_segment(payload)
    return (signed + b"." + _to_segment(hmac.digest(secret, signed, "sha256"))).decode()


def verify(token: str, secret: bytes, now: datetime) -> dict[str, Any]:
    """The claims of `token`, `exp` among them.

    Raises TokenInvalid. The checks and their order are those of Appwrite 1.9.6.
    """
    segments = token.encode("utf-8", "replace").split(b".", 2)
    if len(segments) < 3:
        raise TokenInvalid("Incomplete segments")
    header, payload, signature = segments
    _check_header(_from_segment(header))
    expected = _to_segment(hmac.digest(secret, header + b"." + payload, "sha256"))
    claims = _from_segment(payload)
    if not hmac.compare_digest(expected, signature) or not isinstance(claims, dict):
        raise SignatureFailed("Signature failed")
    if now.timestamp() >= claims.get("exp", 0):
        raise TokenInvalid("Expired")
    return claims


def _check_header(header: Any) -> None:
    algorithm = header.get("alg") if isinstance(header, dict) else None
    if algorithm is None:
        raise TokenInvalid("Missing header algo")
    if algorithm != "HS256":
        raise TokenInvalid("Unsupported header algo")


def function_key(
    prefix: KeyPrefix, key: FunctionKey, secret: bytes, *, expires_at: datetime
) -> str:
    """The API key a running function or build gets. Its depth, function and epoch are no claims
    of Appwrite's, and are there only where there is some."""
    claims: dict[str, Any] = {"projectId": key.project, "scopes": list(key.scopes)}
    if key.depth:
        claims["depth"] = key.depth
    if key.function:
        claims["functionId"] = key.function
    if key.epoch:
        claims["epoch"] = key.epoch
    return prefix + sign(claims, secret, expires_at=expires_at)


def read_key(key: str, secret: bytes, now: datetime) -> FunctionKey:
    """What a key made by `function_key` allows. Raises TokenInvalid."""
    for prefix in _PREFIXES:
        if key.startswith(prefix):
            claims = verify(key.removeprefix(prefix), secret, now)
            return FunctionKey(
                project=claims.get("projectId", ""),
                scopes=tuple(claims.get("scopes", ())),
                depth=claims.get("depth", 0),
                function=claims.get("functionId", ""),
                epoch=claims.get("epoch", ""),
            )
    raise TokenInvalid("Incomplete segments")
