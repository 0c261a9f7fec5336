"""The emulator's own log during one test, where pytest itself does not show it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

_LOGGER = "appwrite_emulator"


class _Gatherer(logging.Handler):
    """Keeps what is told."""

    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(logging.WARNING)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def gathered(records: list[logging.LogRecord], config: pytest.Config) -> Iterator[None]:
    """Add warnings and errors of the emulator to `records`, unless pytest captures them."""
    logger = logging.getLogger(_LOGGER)
    if config.pluginmanager.has_plugin("logging-plugin") and logger.propagate:
        yield
        return
    handler = _Gatherer(records)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


def told(records: list[logging.LogRecord]) -> str:
    """The records as pytest writes its own."""
    formatter = logging.Formatter("%(levelname)-8s %(name)s: %(message)s")
    return "\n".join(map(formatter.format, records))
