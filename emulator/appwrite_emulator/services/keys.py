"""Keys that builds and executions get, to call the API back with the function's scopes."""

from __future__ import annotations

from datetime import timedelta

from .. import tokens
from ..models import Function
from .ground import Ground

PREFIX: dict[str, tokens.KeyPrefix] = {"1.6": "dynamic_", "1.9": "ephemeral_"}
"""How keys that expire begin in each era."""

_REMEMBERED = 1024


class Keys:
    """Issues keys, which hold until the state is put back.

    A key says the second in which it ends, so one serves a whole second's calls.
    """

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._issued: dict[tuple[tokens.FunctionKey, int], str] = {}

    def issue(self, function: Function, *, seconds: float, depth: int = 0) -> str:
        """A key with exactly the scopes of `function` that is valid for `seconds`, for a run to
        which `depth` events led."""
        expires_at = self._ground.clock.now() + timedelta(seconds=seconds)
        mark = self._ground.epochs.mark(function.project)
        allowed = tokens.FunctionKey(function.project, function.scopes, depth, function.id, mark)
        terms = (allowed, int(expires_at.timestamp()))
        key = self._issued.get(terms)
        if key is None:
            if len(self._issued) >= _REMEMBERED:
                self._issued.clear()
            prefix = PREFIX[self._ground.config.appwrite]
            key = self._issued[terms] = tokens.function_key(
                prefix, allowed, self._ground.secret, expires_at=expires_at
            )
        return key
