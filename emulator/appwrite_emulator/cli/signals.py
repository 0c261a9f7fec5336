"""Signals asked of a running command, delivered in its event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from signal import Signals

STOPPING = (Signals.SIGINT, Signals.SIGTERM, Signals.SIGHUP)


@contextmanager
def caught(handle: Callable[[Signals], None]) -> Iterator[None]:
    """Give the signals that ask for an end to `handle`; those ignored by our parent stay so."""
    loop = asyncio.get_running_loop()
    wanted = [each for each in STOPPING if signal.getsignal(each) != signal.SIG_IGN]
    for each in wanted:
        loop.add_signal_handler(each, handle, each)
    try:
        yield
    finally:
        for each in wanted:
            loop.remove_signal_handler(each)


def release() -> None:
    """Let the next signal do what it does to any program."""
    loop = asyncio.get_running_loop()
    for each in STOPPING:
        loop.remove_signal_handler(each)
