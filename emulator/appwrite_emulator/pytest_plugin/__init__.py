"""The pytest plugin: the fixture `appwrite`. What is heavy is imported when a test first asks."""

from __future__ import annotations

from .fixtures import appwrite, appwrite_config, appwrite_server
from .judging import pytest_runtest_call
from .looping import pytest_pyfunc_call
from .options import pytest_addoption, pytest_configure
from .reporting import pytest_runtest_makereport
from .requirements import pytest_runtest_setup
from .summary import pytest_terminal_summary

__all__ = [
    "appwrite",
    "appwrite_config",
    "appwrite_server",
    "pytest_addoption",
    "pytest_configure",
    "pytest_pyfunc_call",
    "pytest_runtest_call",
    "pytest_runtest_makereport",
    "pytest_runtest_setup",
    "pytest_terminal_summary",
]
