"""Trees: what a function's folder holds at one moment, and whether it still does."""

from __future__ import annotations

from .scanning import scan
from .tree import Tree

__all__ = ["Tree", "scan"]
