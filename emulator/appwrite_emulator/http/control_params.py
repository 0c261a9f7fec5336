"""The parameters of the emulator's own API: of the URL and of the body, none of them unknown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import jsontext
from ..errors import ApiError
from ..services.control import SETTLE_TIMEOUT
from .params import Param, Params, query_params, read
from .request import Request


@dataclass(frozen=True, slots=True)
class Seconds:
    """A number of seconds from 0 to `most`, also as a text."""

    most: int

    @property
    def text(self) -> str:
        return f"Value must be a number of seconds between 0 and {self.most:,}"

    def clean(self, value: Any) -> float:
        try:
            seconds = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError) as exc:
            raise ValueError(self.text) from exc
        if not 0 <= seconds <= self.most:
            raise ValueError(self.text)
        return seconds


TIMEOUT = Param("timeout", Seconds(3600), SETTLE_TIMEOUT)
"""How long something may stay pending that is waited for."""


async def read_params(request: Request, *rules: Param) -> Params:
    """The declared parameters; the body wins over the URL.

    Unlike in Appwrite's API, what is malformed or unknown is refused. Raises ApiError
    general_argument_invalid.
    """
    given = query_params(request.query) | _body(await request.body())
    _refuse_unknown(given, rules)
    return read(rules, given)


def _body(body: bytes) -> dict[str, Any]:
    """JSON, whatever the content type says: curl calls it a form. Or indeed a form."""
    if not body.strip():
        return {}
    if body.lstrip()[:1] not in b'{["':
        return query_params(body)
    try:
        value = jsontext.decode(body)
    except (ValueError, RecursionError) as exc:
        raise ApiError("general_argument_invalid", f"The body is not JSON: {exc}") from exc
    if not isinstance(value, dict):
        raise ApiError("general_argument_invalid", "The body must be a JSON object.")
    return value


def _refuse_unknown(given: dict[str, Any], rules: Sequence[Param]) -> None:
    known = [rule.name for rule in rules]
    for name in given:
        if name not in known:
            names = f"It takes {', '.join(known)}." if known else "It takes none."
            raise ApiError("general_argument_invalid", f'Unknown param "{name}". {names}')
