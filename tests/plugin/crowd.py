"""A crowd: many tests over many functions, none of which may meet another."""

from __future__ import annotations

from collections.abc import Mapping

from .suites import ANNOUNCING, Code, Suite

CODES = (
    Code(
        "node-22", "main.js", "module.exports = async ({ req, res }) => res.text(req.bodyText);\n"
    ),
    Code(
        "python-3.12",
        "main.py",
        "def main(context):\n    return context.res.text(context.req.body_text)\n",
    ),
)
TESTS = """\
import pytest

FUNCTION, COUNT = {id!r}, {count}


@pytest.mark.parametrize("number", range(COUNT))
def test_who_is_alone(appwrite, number):
    assert appwrite.executions() == []

    execution = appwrite.functions[FUNCTION].call(f"{{FUNCTION}} {{number}}", user="ann")

    assert execution.text == f"{{FUNCTION}} {{number}}"
    assert [each.id for each in appwrite.executions()] == [execution.id]
"""


def lay(suite: Suite, functions: int, tests: int) -> None:
    """So many functions, half in each language, and so many tests, a file for each function."""
    lay_functions(suite, functions)
    for number in range(functions):
        count = tests * (number + 1) // functions - tests * number // functions
        text = TESTS.format(id=f"f{number}", count=count)
        suite.write(f"tests/test_f{number}.py", text)
    suite.write("conftest.py", ANNOUNCING)


def lay_functions(
    suite: Suite, count: int, events: Mapping[str, tuple[str, ...]] | None = None
) -> None:
    """Functions `f0`, `f1` and so on, which answer with what they are sent; those of `events`
    listen to these."""
    codes = {f"f{number}": CODES[number % len(CODES)] for number in range(count)}
    listening = {id: codes[id]._replace(events=names) for id, names in (events or {}).items()}
    suite.write_functions(codes | listening)
