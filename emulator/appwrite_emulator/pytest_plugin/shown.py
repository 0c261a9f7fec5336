"""Shown: with --appwrite-logs, what functions did is printed after each test that passes."""

from __future__ import annotations

import pytest

from .reporting import EXECUTIONS


class Shown:
    """Prints in the process that has the terminal, whichever ran the test."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Failed tests have it in their own report."""
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if terminal is None or report.failed:
            return
        for title, text in report.sections:
            if title == EXECUTIONS:
                terminal.ensure_newline()
                terminal.write_line(f"{report.nodeid}: {title}")
                terminal.write_line(text)
