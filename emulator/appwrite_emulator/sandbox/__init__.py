"""How far user code is confined: the seam, its rungs, and the choice between them."""

from __future__ import annotations

from .choice import Mode, SandboxMissing, choose
from .command import Command, Limits, Sandbox
from .limits import LimitsSandbox
from .off import OffSandbox
from .prober import Prober
from .report import Containment, Report

__all__ = [
    "Command",
    "Containment",
    "Limits",
    "LimitsSandbox",
    "Mode",
    "OffSandbox",
    "Prober",
    "Report",
    "Sandbox",
    "SandboxMissing",
    "choose",
]
