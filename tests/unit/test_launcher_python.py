"""The real Python launcher, driven over its pipes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator.assets import assets

from .launcher_driver import (
    CALL,
    ENFORCED,
    LOADED,
    Answer,
    Driven,
    driven,
    loaded,
    request_header,
)

FIXTURES = assets("fixtures") / "functions" / "python"


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven("python") as launcher:
        yield launcher


@pytest.fixture(scope="module")
def tests_function() -> Iterator[Driven]:
    with driven("python") as launcher:
        env = {"OPEN_RUNTIMES_HEADERS": ENFORCED, "CUSTOM_ENV_VAR": "customValue"}
        assert launcher.load(FIXTURES, "tests.py", env).kind == LOADED
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


def called(launcher: Driven, root: Path, body: str, **request: object) -> Answer:
    """What `main(context)` with that body answers."""
    lines = "\n    ".join(body.splitlines())
    frame = loaded(launcher, root, f"def main(context):\n    {lines}\n", "main.py")
    assert frame.kind == LOADED, frame
    return launcher.call(**request)  # type: ignore[arg-type]  # header values of any type


@pytest.mark.parametrize(
    ("action", "status", "body"),
    [
        ("plaintextResponse", 200, "Hello World 👋".encode()),
        ("jsonResponse", 200, b'{"json":true,"message":"Developers are awesome."}'),
        ("redirectResponse", 301, b""),
        ("emptyResponse", 204, b""),
        ("doubleResponse", 200, b"This should be returned."),
        ("statusResponse", 404, b"FAIL"),
        ("requestMethod", 200, b"POST"),
        ("binaryResponse1", 200, bytes((0, 10, 255))),
        ("binaryResponse2", 200, bytes((0, 20, 255))),
        ("binaryResponse5", 200, bytes((0, 50, 255))),
        ("deprecatedMethodsUntypedBody", 200, b"50"),
        ("envVars", 200, b'{"var":"customValue","emptyVar":null}'),
        ("handMade", 201, b"x"),
    ],
)
def test_an_action_answers_as_in_appwrite(
    tests_function: Driven, action: str, status: int, body: bytes
) -> None:
    answer = tests_function.call(action)
    assert (answer.status, answer.body, answer.messages) == (status, body, [])


@pytest.mark.parametrize("body", ["Hello 👋".encode(), bytes(range(256)) * 4500])
def test_a_body_comes_back_unchanged(tests_function: Driven, body: bytes) -> None:
    assert tests_function.call("requestBodyBinary", body).body == body


def test_enforced_headers_beat_those_of_the_client(tests_function: Driven) -> None:
    headers = [("X-Custom", "ignored"), ("x-open-runtimes-custom", "ignored")]
    answer = tests_function.call("enforcedHeaders", headers=headers)
    assert json.loads(answer.body) == {
        "x-custom": "value",
        "x-custom-uppercase": "Value2",
        "x-open-runtimes-custom": "248",
    }


def test_request_headers_are_lower_case_first_ones_and_utf_8(tests_function: Driven) -> None:
    utf8 = "ü".encode().decode("latin-1")
    headers = [("X-A", "1"), ("x-a", "2"), ("X-Open-Runtimes-Secret", "s"), ("x-u", utf8)]
    seen = json.loads(tests_function.call("requestHeaders", headers=headers).body)
    assert seen["x-a"] == "1"
    assert seen["x-u"] == "ü"
    assert "x-open-runtimes-secret" not in seen


def test_path_and_query_are_decoded_but_for_separators(tests_function: Driven) -> None:
    answer = tests_function.call(
        "requestUrl", path="/a%20b/%F0%9F%91%8B%2Fz+%zz", queryString="k%20ey=v%20al%26+x%3d"
    )
    assert json.loads(answer.body) == {
        "url": "http://localhost:3000/a b/👋/z+%zz?k ey=v al%26 x%3D",
        "port": 3000,
        "path": "/a b/👋/z+%zz",
        "query": {"k ey": "v al%26 x%3D"},
        "queryString": "k ey=v al%26 x%3D",
        "scheme": "http",
        "host": "localhost",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {}),
        (
            "a=b&c==d&e=f=g=&h&i=j&&k",
            {"a": "b", "c": "=d", "e": "f=g=", "h": "", "i": "j", "k": ""},
        ),
        ("a=1&a=2&=c", {"a": "2"}),
        ("a=1?b=2", {"a": "1?b=2"}),
    ],
)
def test_a_query_is_a_map(tests_function: Driven, query: str, expected: dict[str, str]) -> None:
    answer = tests_function.call("requestUrl", queryString=query)
    assert json.loads(answer.body)["query"] == expected


@pytest.mark.parametrize(
    ("scheme", "port", "url"),
    [
        ("https", 443, "https://h/"),
        ("https", 80, "https://h:80/"),
        ("http", 80, "http://h/"),
        ("wss", 80, "wss://h/"),
    ],
)
def test_the_url_leaves_the_usual_port_out(
    tests_function: Driven, scheme: str, port: int, url: str
) -> None:
    answer = tests_function.call("requestUrl", scheme=scheme, port=port, host="h")
    assert json.loads(answer.body)["url"] == url


@pytest.mark.parametrize("content_type", ["ApPlIcAtIoN/JSON", "application/json; charset=utf-8"])
def test_body_is_parsed_when_the_content_type_says_json(
    tests_function: Driven, content_type: str
) -> None:
    headers = [("content-type", content_type)]
    body = b'{"key1":"OK"}'
    assert tests_function.call("requestBodyJsonAuto", body, headers=headers).body == body
    assert tests_function.call("requestBodyJsonAuto", b"", headers=headers).body == b"{}"


def test_json_is_compact_and_ascii(launcher: Driven, root: Path) -> None:
    answer = called(launcher, root, "return context.res.json({'ä': [1, 2.5, None]})")
    assert answer.body == b'{"\\u00e4":[1,2.5,null]}'
    assert answer.headers == [("content-type", "application/json")]


def test_a_bad_json_body_fails_at_the_access(tests_function: Driven) -> None:
    answer = tests_function.call("requestBodyJson", b'{"invaludJson:true}')
    assert answer.status == 500
    assert "json" in answer.errors


def test_log_lines_are_rendered_and_cut(tests_function: Driven) -> None:
    cut = "... Log truncated due to size limit (8000 characters)"
    answer = tests_function.call("logs")
    assert answer.said("log") == [
        "Debug log",
        "Log+With+Plus+Symbol",
        "42",
        "4.2",
        "True",
        '{"objectKey":"objectValue"}',
        '["arrayValue"]',
        "A" * 8000 + cut,
    ]
    assert answer.said("error") == ["Error log", "B" * 8000 + cut]
    assert tests_function.output() == "Native log\n"


def test_exactly_8000_characters_are_not_cut(launcher: Driven, root: Path) -> None:
    answer = called(launcher, root, "context.log('👋' * 8000)\nreturn context.res.empty()")
    assert answer.logs == "👋" * 8000


def test_arguments_of_log_are_joined_and_none_is_an_empty_line(
    launcher: Driven, root: Path
) -> None:
    answer = called(
        launcher,
        root,
        "context.log('a', None, {1}, b'by', (1, 2))\ncontext.log()\nreturn context.res.empty()",
    )
    assert answer.said("log") == ["a None {1} b'by' [1,2]", ""]


def test_nothing_is_logged_when_logging_is_off(tests_function: Driven) -> None:
    assert tests_function.call("logs", logging=False).messages == []
    assert tests_function.output() == "Native log\n"


def test_what_was_printed_is_there_before_the_answer(launcher: Driven, root: Path) -> None:
    called(launcher, root, "print('no line end', end='')\nreturn context.res.empty()")
    assert launcher.output() == "no line end"


def test_a_missing_return_is_told(tests_function: Driven) -> None:
    answer = tests_function.call("noResponse")
    text = "Return statement missing. return context.res.empty() if no response is expected."
    assert (answer.status, answer.body, answer.errors) == (500, b"", text)
    assert answer.header["kind"] == "missing-return"


def test_a_trace_begins_in_the_users_file(tests_function: Driven) -> None:
    answer = tests_function.call("errorTest")
    assert answer.status == 500
    assert answer.logs == "Before error..."
    first, second = answer.errors.splitlines()[:2]
    assert first == "Traceback (most recent call last):"
    assert f'File "{FIXTURES / "tests.py"}"' in second
    assert answer.errors.endswith("Exception: Error!\n")
    assert "launcher.py" not in answer.errors


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


def test_overlapping_calls_keep_their_lines_apart(tests_function: Driven) -> None:
    answers: dict[int, Answer] = {}
    for id, body in ((7, b"slow"), (8, b"fast")):
        tests_function.send(CALL, id, request_header("overlap"), body)
    order = [tests_function.answer(answers)[0] for _ in range(2)]
    assert order == [8, 7]
    assert answers[7].said("log") == ["slow begins", "slow ends"]
    assert answers[8].said("log") == ["fast begins", "fast ends"]


def test_a_line_after_the_answer_is_dropped(tests_function: Driven) -> None:
    answers: dict[int, Answer] = {}
    assert tests_function.call("lateLog", id=11).messages == []
    tests_function.send(CALL, 12, request_header("overlap"), b"slow")  # outlasts the late line
    tests_function.answer(answers)
    assert [*answers] == [12]


def test_module_state_survives_between_calls(tests_function: Driven) -> None:
    first, second = (int(tests_function.call("count").body) for _ in range(2))
    assert second == first + 1


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
