"""The summary: which tests have left something behind, when all are over."""

from __future__ import annotations

import pytest

from .reporting import LEFTOVERS

_MOST = 20  # tests
_SENTENCES = 10  # of each


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that did not clean up, from whichever process their reports have come."""
    found = [
        (report.nodeid, text)
        for reports in terminalreporter.stats.values()
        for report in reports
        for title, text in getattr(report, "sections", ())
        if title == LEFTOVERS
    ]
    if not found:
        return
    tests = "1 test" if len(found) == 1 else f"{len(found)} tests"
    terminalreporter.section(f"appwrite: {tests} left something behind", sep="-", yellow=True)
    for nodeid, text in found[:_MOST]:
        terminalreporter.write_line(f"{nodeid}: {_shortened(text.splitlines())}")
    if len(found) > _MOST:
        terminalreporter.write_line(f"and {len(found) - _MOST} more")


def _shortened(sentences: list[str]) -> str:
    """The first of them; the rest is in the report of the test itself."""
    more = len(sentences) - _SENTENCES
    return " ".join(sentences[:_SENTENCES] + ([f"And {more} more."] if more > 0 else []))
