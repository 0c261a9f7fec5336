"""The project whose functions are tested, and the options of its emulator."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ..client.workspace import prepare
from ..config import Config, ConfigError
from ..project_file import ProjectFileError
from .options import directory, refuse


def options_for(config: pytest.Config) -> Config:
    """The project's own options, but for what tests must not share: port, state and folders.

    What is wrong with them fails the test that asks.
    """
    try:
        options = prepare(directory(config), {}).config
    except (ConfigError, ProjectFileError) as exc:
        reason = str(exc)
    else:
        return _for_tests(options, config)
    refuse(reason)


def _for_tests(options: Config, config: pytest.Config) -> Config:
    builds = options.build_cache or _builds(config)
    return replace(
        options,
        port=0,
        memory=True,
        state=None,
        watch=False,
        build_cache=builds,
        execution_retention=_retention(options),
    )


def _retention(options: Config) -> int:
    """Executions outlive the days that a test lets pass, unless the project says otherwise."""
    days = options.execution_retention
    return 0 if days == Config().execution_retention else days


def _builds(config: pytest.Config) -> Path | None:
    """Where builds are kept for other workers and later sessions, beside what pytest keeps.

    Nowhere when the folder is somebody else's, as after a run as root, or cannot be written to:
    pytest does not mind either.
    """
    cache = getattr(config, "cache", None)  # None with -p no:cacheprovider
    if cache is None:
        return None
    try:
        folder: Path = cache.mkdir("appwrite")
        owners = {each.stat().st_uid for each in (folder, *folder.iterdir())}
    except OSError:
        return None
    return folder if owners == {os.geteuid()} and os.access(folder, os.W_OK) else None
