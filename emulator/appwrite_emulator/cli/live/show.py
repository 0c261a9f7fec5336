"""Showing: a feed's entries on a screen, as lines for people or for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import anyio

from .feed import Feed
from .screen import Screen
from .view import View

_PACE = 0.03  # seconds in which everything that comes is written at once
_TICK = 0.1  # seconds after which what is under way is looked at again


async def show(feed: Feed, view: View, screen: Screen) -> None:
    """Show what comes until it ends, or nobody reads it.

    Nothing is taken from the feed before the last lines are written: a slow terminal costs lines,
    which the feed counts, and neither memory nor time.
    """
    is_over = False
    try:
        while not (is_over or screen.is_lost):
            with anyio.move_on_after(_TICK if view.is_busy else None):
                if heard := await feed.next():
                    view.hear(*heard, time.monotonic())
                is_over = heard is None
            _refresh(view, screen)
            await screen.ready()
            await anyio.sleep(_PACE)
    finally:
        screen.below(())


def _refresh(view: View, screen: Screen) -> None:
    now = time.monotonic()
    screen.print(view.lines(now))
    screen.below(view.below(now, screen.columns))


async def show_json(feed: Feed, screen: Screen) -> None:
    """Print each entry as a JSON object on a line of its own, until the feed ends."""
    while not screen.is_lost and (heard := await feed.next()) is not None:
        entries, dropped = heard
        lines = [json_line(entry) for entry in entries]
        screen.print(lines + ([json_line({"dropped": dropped})] if dropped else []))
        await screen.ready()
        await anyio.sleep(_PACE)


def json_line(value: Mapping[str, Any]) -> str:
    """The value in JSON, in characters that no terminal obeys."""
    return json.dumps(value, separators=(",", ":"))
