"""What `trigger schedule` and `schedules` do, and what they print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .report import execution_lines, minute, show
from .running import Running


def tick(running: Running, function: str, project: str, wait: float | None) -> dict[str, Any]:
    """The execution that the emulator answers. Raises ConfigError."""
    values = {"function": function, "project": project, "wait": wait}
    given = {name: value for name, value in values.items() if value not in ("", None)}
    reply: dict[str, Any] = running.ask("POST", "/trigger/schedule", **given)
    return reply


def show_execution(execution: Mapping[str, Any], *, as_json: bool) -> int:
    """Print what came of the run; the exit code."""
    show(execution, execution_lines(execution), as_json=as_json)
    return int(execution["status"] == "failed")


def show_schedules(running: Running, project: str, *, as_json: bool) -> None:
    """Print when functions run by themselves. Raises ConfigError."""
    reply = running.ask("GET", "/schedules", **({"project": project} if project else {}))
    show(reply, _lines(reply["schedules"]), as_json=as_json)


def _lines(schedules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not schedules:
        yield "No function has a schedule."
        return
    many = len({each["project"] for each in schedules}) > 1
    names = [f"{each['project']}/" * many + each["functionId"] for each in schedules]
    width = max(map(len, names))
    expressions = max(len(each["schedule"]) for each in schedules)
    for name, each in zip(names, schedules, strict=True):
        when = minute(each["next"]) if each["active"] else f"never: {each['obstacle']}"
        ran = f", last {minute(each['previous'])}" if each["previous"] else ""
        yield f"{name:<{width}}  {each['schedule']:<{expressions}}  {when}{ran}"
