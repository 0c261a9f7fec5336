"""The project whose functions are tested, and the options of its emulator."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ..cli.session import prepare
from ..config import Config
from .options import directory


def options_for(config: pytest.Config) -> Config:
    """The project's own options, but for what tests must not share: port, state and folders.

    Raises ConfigError, ProjectFileError.
    """
    options = prepare(directory(config), {}).config
    return replace(options, port=0, memory=True, state=None, watch=False)
