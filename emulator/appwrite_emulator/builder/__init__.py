"""Builds: from an uploaded source to a folder that can be executed."""

from __future__ import annotations

from .build import Builder, BuildFailed
from .keeping import Keeping
from .request import BuildOutput, BuildRequest
from .settings import Tools

__all__ = ["BuildFailed", "BuildOutput", "BuildRequest", "Builder", "Keeping", "Tools"]
