"""JSON as bytes: by orjson where the extra `fast` brought it, else by the standard library."""

from __future__ import annotations

import importlib
import importlib.util
import json
from typing import Any

library: Any = importlib.import_module("orjson") if importlib.util.find_spec("orjson") else None
"""orjson, or None."""

_text = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_ascii = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def encode(value: Any) -> bytes:
    """`value` as compact JSON in UTF-8.

    A lone surrogate, which a function may log, is kept as an escape.
    """
    if library is not None:
        try:
            return bytes(library.dumps(value))
        except TypeError:  # a surrogate, an integer of more than 64 bits
            return _ascii(value).encode()
    try:
        return _text(value).encode()
    except UnicodeEncodeError:
        return _ascii(value).encode()


def decode(data: bytes | bytearray) -> Any:
    """The value of a JSON text in UTF-8. Raises ValueError."""
    if library is not None:
        try:
            return library.loads(data)
        except ValueError:  # or it has what only the standard library reads
            return json.loads(data)
    return json.loads(data)
