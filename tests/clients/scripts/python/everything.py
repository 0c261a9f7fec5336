"""The way of functions from create to delete through an official Python SDK of any era."""

from __future__ import annotations

import sys
from collections.abc import Callable

import deploying
import executing
import settings
from flow import Flow


def run(flow: Flow, *more: Callable[[Flow], None]) -> None:
    """Every step, in order, with `more` before the clean-up; says how many checks passed."""
    settings.list_what_there_is(flow)
    settings.create_functions(flow)
    settings.refuse_what_is_wrong(flow)
    settings.update_function(flow)
    settings.keep_variables(flow)
    big = deploying.upload_in_chunks(flow)
    executing.execute(flow, big)
    executing.execute_failing(flow)
    executing.execute_later(flow)
    executing.execute_as_guest(flow)
    exact, small = deploying.upload_in_one(flow)
    settings.list_functions(flow)
    deploying.list_deployments(flow, exact, small)
    executing.list_executions(flow)
    deploying.download(flow, big, exact)
    canceled = deploying.cancel_build(flow, small)
    deploying.rebuild(flow, small, canceled)
    for step in more:
        step(flow)
    settings.delete_everything(flow, big)
    sys.stdout.write(f"{flow.checks.count} checks passed with {flow.sdk.name}\n")
