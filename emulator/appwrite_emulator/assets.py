"""Where the launchers and sample functions lie: in the installed package or beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal


def assets(kind: Literal["runtimes", "fixtures"]) -> Path:
    """The folder of `kind`: packed into the wheel, or at the top of a checkout."""
    here = Path(__file__).resolve().parent
    packed = here / "_assets" / kind
    return packed if packed.is_dir() else here.parents[1] / kind
