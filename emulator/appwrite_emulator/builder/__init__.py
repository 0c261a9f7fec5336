"""Builds: from an uploaded source to a folder that can be executed."""

from __future__ import annotations

from .build import Builder, BuildFailed, BuildOutput, BuildRequest
from .settings import Tools

__all__ = ["BuildFailed", "BuildOutput", "BuildRequest", "Builder", "Tools"]
