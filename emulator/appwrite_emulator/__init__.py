"""Appwrite's Functions service as one light local process."""

from __future__ import annotations

__version__ = "0.1.0"
