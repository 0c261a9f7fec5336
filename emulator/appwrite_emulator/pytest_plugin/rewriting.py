"""Rewriting: pytest rewrites the assertions of plugins, which the emulator's are not worth."""

from __future__ import annotations

import pytest

_PACKAGE = __name__.partition(".")[0]


def spare(config: pytest.Config) -> None:
    """Let the emulator be imported as it was compiled.

    Pytest marks every package that brings a plugin. Where it may not keep what it has rewritten,
    as in images with PYTHONDONTWRITEBYTECODE, that costs each session more than a second import.
    There is no public way to take the mark back; without it all is as before, but slower.
    """
    hook = getattr(config.pluginmanager, "rewrite_hook", None)
    getattr(hook, "_must_rewrite", set()).discard(_PACKAGE)
