"""The real Python launcher, driven over its pipes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ..conformance.driver import LOADED, Answer, Driven, command, driven, loaded


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven(command("python", sys.executable)) as launcher:
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


def called(launcher: Driven, root: Path, body: str, **request: Any) -> Answer:
    """What `main(context)` with that body answers."""
    lines = "\n    ".join(body.splitlines())
    frame = loaded(launcher, root, f"def main(context):\n    {lines}\n", "main.py")
    assert frame.kind == LOADED, frame
    return launcher.call(**request)


def test_json_is_compact_and_ascii(launcher: Driven, root: Path) -> None:
    answer = called(launcher, root, "return context.res.json({'ä': [1, 2.5, None]})")
    assert answer.body == b'{"\\u00e4":[1,2.5,null]}'
    assert answer.headers == [("content-type", "application/json")]


def test_arguments_of_log_are_joined_and_none_is_an_empty_line(
    launcher: Driven, root: Path
) -> None:
    answer = called(
        launcher,
        root,
        "context.log('a', None, {1}, b'by', (1, 2))\ncontext.log()\nreturn context.res.empty()",
    )
    assert answer.said("log") == ["a None {1} b'by' [1,2]", ""]


def test_prints_go_to_the_output_when_logging_is_off(launcher: Driven, root: Path) -> None:
    body = "print('printed')\ncontext.log('logged')\nreturn context.res.empty()"
    assert called(launcher, root, body, logging=False).messages == []
    assert launcher.output() == "printed\n"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ("'text'", "AttributeError: 'str' object has no attribute 'get'"),
        ("True", "AttributeError: 'bool' object has no attribute 'get'"),
        ("('a', 200)", "AttributeError: 'tuple' object has no attribute 'get'"),
        ("context.res.send(50)", "TypeError: Unsupported body type <class 'int'>"),
        ("context.res.text(b'x')", "AttributeError: 'bytes' object has no attribute 'encode'"),
        ("context.res.text('x', headers={'a': 1})", "Header 'a' must be a str"),
        ("context.res.text('x', headers={'a': 'b\\nc'})", "Header 'a' must be a str"),
        ("context.res.json({1})", "TypeError: Object of type set is not JSON serializable"),
    ],
)
def test_an_unusable_return_is_an_error(
    launcher: Driven, root: Path, value: str, error: str
) -> None:
    answer = called(launcher, root, f"return {value}")
    assert (answer.status, answer.headers, answer.body) == (500, [], b"")
    assert error in answer.errors


def test_a_map_of_something_else_is_an_empty_answer(launcher: Driven, root: Path) -> None:
    answer = called(launcher, root, "return {'a': 1}")
    assert (answer.status, answer.headers, answer.body, answer.messages) == (200, [], b"", [])


def test_a_status_may_be_a_text(launcher: Driven, root: Path) -> None:
    assert called(launcher, root, "return context.res.text('x', '201')").status == 201


def test_only_the_lower_case_content_type_counts(launcher: Driven, root: Path) -> None:
    headers = "{'Content-Type': 'text/html', 'X-Foo': 'Bar'}"
    answer = called(launcher, root, f"return context.res.text('x', headers={headers})")
    assert answer.headers == [("X-Foo", "Bar")]


def test_a_coroutine_returned_by_a_plain_main_is_not_awaited(launcher: Driven, root: Path) -> None:
    answer = called(launcher, root, "async def inner(): pass\nreturn inner()")
    assert answer.status == 500
    assert "'coroutine' object has no attribute 'get'" in answer.errors


def test_asyncio_run_fails_in_a_plain_main_as_in_appwrite(launcher: Driven, root: Path) -> None:
    source = """
import asyncio
def main(context):
    asyncio.get_running_loop()
    asyncio.run(asyncio.sleep(0))
"""
    assert loaded(launcher, root, source, "main.py").kind == LOADED
    assert "cannot be called from a running event loop" in launcher.call().errors


def test_a_cancelled_main_answers(launcher: Driven, root: Path) -> None:
    source = """
import asyncio
async def main(context):
    asyncio.current_task().cancel()
    await asyncio.sleep(1)
"""
    assert loaded(launcher, root, source, "main.py").kind == LOADED
    answer = launcher.call()
    assert answer.status == 500
    assert "CancelledError" in answer.errors


def test_lines_from_threads_stay_whole(launcher: Driven, root: Path) -> None:
    body = """from threading import Thread
threads = [Thread(target=lambda n=n: [context.log(str(n) * 7000) for _ in range(20)])
           for n in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
return context.res.empty()"""
    answer = called(launcher, root, body)
    assert sorted(answer.said("log")) == sorted(str(n) * 7000 for n in range(4) for _ in range(20))


@pytest.mark.parametrize(
    ("body", "pending"),
    [
        ("import threading; threading.Thread(target=print).start()", {}),
        ("import threading; threading.Timer(9, print).start()", {"thread Thread-1": 1}),
        (
            "import threading, time\n"
            "threading.Thread(target=time.sleep, args=(9,), name='w', daemon=True).start()",
            {"thread w": 1},
        ),
        (
            "from concurrent.futures import ThreadPoolExecutor\n"
            "pool = globals()['pool'] = ThreadPoolExecutor(2)\n"
            "assert list(pool.map(abs, [-1, -2])) == [1, 2]",
            {},
        ),
        (
            "import logging, logging.handlers, queue\n"
            "logging.handlers.QueueListener(queue.Queue(), logging.NullHandler()).start()",
            {},
        ),
        (
            "import queue, threading\n"
            "threading.Thread(target=queue.Queue().get, args=(True, 9), name='q').start()",
            {"thread q": 1},
        ),
    ],
)
def test_threads_that_go_on_after_an_answer_are_told(
    launcher: Driven, root: Path, body: str, pending: dict[str, int]
) -> None:
    assert called(launcher, root, f"{body}\nreturn context.res.empty()").status == 204
    told = {kind.rstrip("0123456789 "): n for kind, n in settled(launcher, bool(pending)).items()}
    assert told == {kind.rstrip("0123456789 "): n for kind, n in pending.items()}


def settled(launcher: Driven, is_expected: bool) -> Mapping[str, int]:
    """What is under way; when nothing should be, once that has ended which is just ending."""
    while (told := launcher.pending()) and not is_expected:
        pass
    return told


ASYNC = """
import asyncio
async def poll():
    await asyncio.sleep(9)
kept = []
async def main(context):
    {}
    return context.res.empty()
"""


@pytest.mark.parametrize(
    ("body", "pending"),
    [
        ("await asyncio.sleep(0)", {}),
        ("await asyncio.to_thread(abs, 1)", {}),
        ("kept.append(asyncio.create_task(poll()))", {"task poll": 1}),
        ("asyncio.get_running_loop().call_later(9, print)", {"timer": 1}),
        ("asyncio.get_running_loop().call_later(9, print).cancel()", {}),
    ],
)
def test_tasks_and_timers_that_go_on_after_an_answer_are_told(
    launcher: Driven, root: Path, body: str, pending: dict[str, int]
) -> None:
    assert loaded(launcher, root, ASYNC.format(body), "main.py").kind == LOADED
    assert launcher.call().status == 204
    assert settled(launcher, bool(pending)) == pending


def test_a_thread_that_a_module_has_begun_while_loading_is_usual(
    launcher: Driven, root: Path
) -> None:
    source = (
        "import threading\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
        "def main(context):\n"
        "    return context.res.empty()\n"
    )
    assert loaded(launcher, root, source, "main.py").kind == LOADED
    assert (launcher.call().status, launcher.pending()) == (204, {})
