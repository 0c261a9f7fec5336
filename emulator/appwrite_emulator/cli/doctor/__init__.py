"""`doctor`: what an emulator would find here, and what is missing, changing nothing."""

from __future__ import annotations

from .examine import examine
from .page import show

__all__ = ["examine", "show"]
