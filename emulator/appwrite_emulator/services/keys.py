"""Keys that builds and executions get, to call the API back with the function's scopes."""

from __future__ import annotations

from datetime import timedelta

from .. import tokens
from ..models import Function
from .ground import Ground

_PREFIX: dict[str, tokens.KeyPrefix] = {"1.6": "dynamic_", "1.9": "ephemeral_"}


def issue(ground: Ground, function: Function, *, seconds: float) -> str:
    """A key with exactly the scopes of `function` that is valid for `seconds`."""
    return tokens.function_key(
        _PREFIX[ground.config.appwrite],
        function.project,
        function.scopes,
        ground.secret,
        expires_at=ground.clock.now() + timedelta(seconds=seconds),
    )
