"""The project whose functions are tested, and the options of its emulator."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ..cli.session import prepare
from ..config import Config
from .options import directory


def options_for(config: pytest.Config) -> Config:
    """The project's own options, but for what tests must not share: port, state and folders.

    Raises ConfigError, ProjectFileError.
    """
    options = prepare(directory(config), {}).config
    builds = options.build_cache or _builds(config)
    return replace(options, port=0, memory=True, state=None, watch=False, build_cache=builds)


def _builds(config: pytest.Config) -> Path | None:
    """Where builds are kept for other workers and later sessions, beside what pytest keeps."""
    cache = getattr(config, "cache", None)  # None with -p no:cacheprovider
    return cache.mkdir("appwrite") if cache else None
