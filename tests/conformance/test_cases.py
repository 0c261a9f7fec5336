"""Every case, asked of every language: of its conformance function, and of programs of its own."""

from __future__ import annotations

from .case import Case
from .subject import Subject


async def test_a_function_answers_as_in_appwrite(function: Subject, case: Case) -> None:
    problems = await function.problems(case)
    assert not problems, "\n".join(problems)


async def test_a_program_behaves_as_in_appwrite(program: tuple[Subject, Case]) -> None:
    subject, case = program
    problems = await subject.problems(case)
    assert not problems, "\n".join(problems)
