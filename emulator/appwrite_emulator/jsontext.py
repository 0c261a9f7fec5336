"""JSON as bytes: by orjson, and by the standard library for what orjson refuses."""

from __future__ import annotations

import json
from typing import Any

import orjson

_ascii = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def encode(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8.

    A lone surrogate, which a function may log, is kept as an escape.
    """
    try:
        return orjson.dumps(value)
    except TypeError:  # a surrogate, an integer of more than 64 bits
        return _ascii(value).encode()


def decode(data: bytes | bytearray) -> Any:
    """The value of a JSON text in UTF-8; a whole number of more than 64 bits becomes a float, as
    in PHP.

    Raises ValueError, and RecursionError for what is nested too deeply.
    """
    try:
        return orjson.loads(data)
    except ValueError:  # or it has what only the standard library reads
        return json.loads(data)
