"""The doors: everything that speaks HTTP with callers."""

from __future__ import annotations
