"""Who may execute a function, and who may read an execution."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..errors import ApiError, Era
from ..models import Caller, Function

_NO_VISITORS = (
    'To execute function using domain, execute permissions must include "any" or "guests"'
)


def is_readable(permissions: Sequence[str], caller: Caller) -> bool:
    """Whether `caller` may read a record with these permissions."""
    return caller.is_privileged or any(f'read("{role}")' in permissions for role in caller.roles)


def require_execute(caller: Caller, function: Function) -> None:
    """Raises ApiError user_unauthorized unless `caller` may execute `function`."""
    if caller.is_privileged or not set(function.execute).isdisjoint(caller.roles):
        return
    if not function.execute:
        raise ApiError("user_unauthorized", "No permissions provided for action 'execute'")
    own, given = _php_json(caller.roles), _php_json(function.execute)
    raise ApiError(
        "user_unauthorized",
        f'Missing "execute" permission for role "{caller.roles[-1]}". '
        f'Only "{own}" scopes are allowed and "{given}" was given.',
    )


def require_visitors(function: Function, era: Era) -> None:
    """Raises ApiError function_execute_permission_missing, in 1.6 user_unauthorized, unless
    whoever opens the function's domain may execute it."""
    if {"any", "guests"}.isdisjoint(function.execute):
        if era == "1.9":
            raise ApiError("function_execute_permission_missing")
        raise ApiError("user_unauthorized", _NO_VISITORS)


def _php_json(values: Sequence[str]) -> str:
    return json.dumps(values, separators=(",", ":")).replace("/", "\\/")
