"""Looping: async tests that no plugin for async tests runs have a loop of their own."""

from __future__ import annotations

import inspect

import pytest

from .trial import trial_of


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> object:
    """Run the async test that uses the emulator, when those that come first have left it."""
    test = pyfuncitem.obj
    if not inspect.iscoroutinefunction(test) or trial_of(pyfuncitem) is None:
        return None
    import asyncio

    __tracebackhide__ = True
    names = inspect.signature(test).parameters
    values = {name: value for name, value in pyfuncitem.funcargs.items() if name in names}
    asyncio.run(test(**values))
    return True
