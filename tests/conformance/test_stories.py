"""Cases of several requests, asked of every language."""

from __future__ import annotations

import anyio

from appwrite_emulator.execution.executor import Result

from .case import Request
from .subject import Subject

_NAMES = ("slow", "fast")


async def test_module_state_survives_between_calls(function: Subject) -> None:
    first, second = [int((await function.run(Request(action="count"))).body) for _ in range(2)]
    assert second == first + 1


async def test_overlapping_executions_keep_their_output_apart(function: Subject) -> None:
    results: dict[str, Result] = {}

    async def run(name: str) -> None:
        results[name] = await function.run(Request(action="overlap", body=name))

    async with anyio.create_task_group() as group:
        for name in _NAMES:
            group.start_soon(run, name)
    for name in _NAMES:
        logs = results[name].logs.splitlines()
        moments = ("begins", "ends")
        assert [line for line in logs if line.startswith(name)] == [
            f"{name} {moment}" for moment in moments
        ]
        assert all(f"native {name} {moment}" in results[name].logs for moment in moments)
        assert all(name in line or "Native logs" in line for line in logs)


async def test_a_line_after_the_answer_is_in_no_log(function: Subject) -> None:
    late = await function.run(Request(action="lateLog"))
    following = await function.run(Request(action="overlap", body="slow"))  # outlasts the line
    assert "late" not in late.logs + following.logs
    assert "slow ends" in following.logs
