"""What the commands tell about functions, one calm line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from ..services.projects import Applied, Outcome


def function_lines(applied: Sequence[Applied]) -> Iterator[str]:
    """A line for each function, in columns; below it why it failed, or what to know."""
    ids = max((len(each.id) for each in applied), default=0)
    runtimes = max((len(each.runtime) for each in applied), default=0)
    for each in applied:
        yield f"{_mark(each)} {each.id:<{ids}}  {each.runtime:<{runtimes}}  {_state(each)}"
        for line in (*each.reason.splitlines(), *each.notes):
            yield f"    {line}"


def _mark(applied: Applied) -> str:
    if applied.outcome is Outcome.FAILED:
        return click.style("✗", fg="red")
    return click.style("✓", fg="green")


def _state(applied: Applied) -> str:
    if applied.outcome is Outcome.DEPLOYED:
        return f"ready, deployed in {applied.seconds:.1f} s"
    return "ready, unchanged" if applied.outcome is Outcome.UNCHANGED else "failed"
