"""What the shell may complete: ids of functions, of the emulator that runs or else of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

_PATIENCE = 0.3  # seconds for each answer of an emulator; somebody waits at a prompt


def function_ids(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """The ids that begin so. Never fails and never prints: then there is nothing to complete."""
    try:
        known = _known(context.params)
    except Exception:  # a prompt is no place for an error
        return []
    return sorted(each for each in known if each.startswith(begun))


def _known(options: dict[str, Any]) -> Sequence[str]:
    """The ids of the functions that the options of the command can mean. Raises ConfigError."""
    from . import nearby
    from .running import Running, Silent
    from .whereabouts import Whereabouts

    directory = options.get("directory")
    where = Whereabouts(directory, options.get("address"), options.get("key"))
    try:
        running = replace(Running.find(where), patience=_PATIENCE)
        return nearby.function_ids(running, running.project(options.get("project") or ""))
    except Silent:
        from .session import prepare

        return [entry.id for entry in prepare(directory, {}).entries]
