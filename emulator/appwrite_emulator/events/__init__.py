"""Event names: which ones a function may subscribe to, and which ones an event carries."""

from __future__ import annotations

from .names import generate
from .patterns import is_known, is_valid
from .reading import EventRefused, Named, read

__all__ = ["EventRefused", "Named", "generate", "is_known", "is_valid", "read"]
