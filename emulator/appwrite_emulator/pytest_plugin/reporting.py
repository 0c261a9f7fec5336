"""Reporting: what functions did, in the report of a test that fails."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from .trial import TRIAL, Trial, trial_of

EXECUTIONS = "appwrite executions"
SERVER = "appwrite server"
STATE = "appwrite state"
LEFTOVERS = "appwrite leftovers of teardown"  # pytest shows those beside the teardown's output


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add sections to the report of a test that uses the emulator."""
    report = yield
    if trial := trial_of(item):
        if call.excinfo and call.excinfo.value is trial.verdict:
            report.longrepr = call.excinfo.getrepr(style="value")  # none of the code is the test's
        if call.when == "teardown":
            _end(report, trial, item)
        elif trial.emulator.is_in_thread:  # the test may have stopped it
            _add(report, call, trial, item)
    return report


def _end(report: pytest.TestReport, trial: Trial, item: pytest.Item) -> None:
    if trial.leftovers:
        report.sections.append((LEFTOVERS, "\n".join(trial.leftovers)))
    del item.stash[TRIAL]


def _add(
    report: pytest.TestReport, call: pytest.CallInfo[None], trial: Trial, item: pytest.Item
) -> None:
    is_shown = call.when == "call" and item.config.getoption("appwrite_logs")
    if report.failed or is_shown:
        _add_executions(report, trial, call.excinfo.value if call.excinfo else None)
    if report.failed:
        _add_log(report, trial)
        if item.config.getoption("appwrite_keep") is not None:
            from .keeping import keep

            report.sections.append((STATE, keep(item, trial.emulator)))


def _add_executions(report: pytest.TestReport, trial: Trial, error: BaseException | None) -> None:
    from ..client.expecting import ExpectationFailed
    from ..client.judge import FunctionFailed

    told = error.told if isinstance(error, FunctionFailed | ExpectationFailed) else ()
    if text := trial.appwrite.report(told=told):
        report.sections.append((EXECUTIONS, text))


def _add_log(report: pytest.TestReport, trial: Trial) -> None:
    if trial.records:
        from .serverlog import told

        report.sections.append((SERVER, told(trial.records)))
