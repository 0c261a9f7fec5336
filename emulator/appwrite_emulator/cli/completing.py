"""What the shell may complete: ids of functions, of the emulator that runs or of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import click

_PATIENCE = 0.3  # seconds for each answer of an emulator; somebody waits at a prompt
Complete = Callable[[click.Context, click.Parameter, str], list[str]]


def _quietly(known: Callable[[dict[str, Any]], Sequence[str]]) -> Complete:
    """Completes with what is known. Never fails and never prints: then there is nothing."""

    def complete(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
        try:
            ids = known(context.params)
        except Exception:  # a prompt is no place for an error
            return []
        return sorted(each for each in ids if each.startswith(begun))

    return complete


def _of_emulator(options: dict[str, Any]) -> Sequence[str]:
    """The functions of the emulator that the options mean; if none answers, of the file."""
    from . import nearby
    from .running import Running, Silent
    from .whereabouts import Whereabouts

    where = Whereabouts(options.get("directory"), options.get("address"), options.get("key"))
    try:
        running = replace(Running.find(where), patience=_PATIENCE)
        return nearby.function_ids(running, running.project(options.get("project") or ""))
    except Silent:
        return _of_file(options)


def _of_file(options: dict[str, Any]) -> Sequence[str]:
    from ..client.workspace import prepare

    return [entry.id for entry in prepare(options.get("directory"), {}).entries]


function_ids = _quietly(_of_emulator)
"""Completes the id of a function that a running emulator has."""
listed_ids = _quietly(_of_file)
"""Completes the id of a function that the project file has."""
