"""The real Node.js launcher, driven over its pipes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")

FIXTURES = assets("fixtures") / "functions" / "node"


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven("node") as launcher:
        yield launcher


@pytest.fixture(scope="module", params=["tests.js", "tests.mjs"])
def tests_function(request: pytest.FixtureRequest) -> Iterator[Driven]:
    with driven("node") as launcher:
        env = {"OPEN_RUNTIMES_HEADERS": ENFORCED, "CUSTOM_ENV_VAR": "customValue"}
        assert launcher.load(FIXTURES, request.param, env).kind == LOADED
        yield launcher


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """A function that runs the body of each call as code, with the context's names."""
    root = tmp_path_factory.mktemp("evaluator")
    source = "module.exports = (c) => new Function('req', 'res', 'log', 'error', c.req.bodyText)"
    (root / "main.js").write_text(source + "(c.req, c.res, c.log, c.error)")
    with driven("node") as launcher:
        assert launcher.load(root, "main.js").kind == LOADED
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


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
        ("deprecatedMethodsUntypedBody", 200, b"50"),
        ("envVars", 200, b'{"var":"customValue","emptyVar":null}'),
        ("hiddenFile", 200, b"HIDDEN_FILE"),
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


def test_frames_that_come_together_are_told_apart(tests_function: Driven) -> None:
    for id in range(1, 41):
        tests_function.send(CALL, id, request_header("requestBodyText"), b"%d" % id * 500)
    answers = dict(tests_function.answer() for _ in range(40))
    assert [answers[id].body for id in range(1, 41)] == [b"%d" % id * 500 for id in range(1, 41)]


def test_enforced_headers_beat_those_of_the_client(tests_function: Driven) -> None:
    headers = [("X-Custom", "ignored"), ("x-open-runtimes-custom", "ignored")]
    answer = tests_function.call("enforcedHeaders", headers=headers)
    assert json.loads(answer.body) == {
        "x-custom": "value",
        "x-custom-uppercase": "Value2",
        "x-open-runtimes-custom": "248",
    }


def test_repeated_request_headers_are_joined(tests_function: Driven) -> None:
    pairs = [("X-A", "1"), ("x-a", "2"), ("Cookie", "a=b"), ("cookie", "c=d"), ("Host", "x")]
    headers = [*pairs, ("host", "y"), ("X-Open-Runtimes-Secret", "s")]
    seen = json.loads(tests_function.call("requestHeaders", headers=headers).body)
    assert (seen["x-a"], seen["cookie"], seen["host"]) == ("1, 2", "a=b; c=d", "x")
    assert "x-open-runtimes-secret" not in seen


def test_path_and_query_stay_raw_and_end_at_a_second_question_mark(
    tests_function: Driven,
) -> None:
    answer = tests_function.call(
        "requestUrl", scheme="https", path="/a%20b/%zz", queryString="k%20ey=v%26+x&a=1?b=2"
    )
    assert json.loads(answer.body) == {
        "url": "https://localhost:3000/a%20b/%zz?k%20ey=v%26+x&a=1",
        "port": 3000,
        "path": "/a%20b/%zz",
        "query": {"k%20ey": "v%26+x", "a": "1"},
        "queryString": "k%20ey=v%26+x&a=1",
        "scheme": "https",
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
    ],
)
def test_a_query_is_a_map(tests_function: Driven, query: str, expected: dict[str, str]) -> None:
    answer = tests_function.call("requestUrl", queryString=query)
    assert json.loads(answer.body)["query"] == expected


@pytest.mark.parametrize("content_type", ["ApPlIcAtIoN/JSON", "application/json; charset=utf-8"])
def test_body_is_parsed_when_the_content_type_says_json(
    tests_function: Driven, content_type: str
) -> None:
    headers = [("content-type", content_type)]
    body = b'{"key1":"OK"}'
    assert tests_function.call("requestBodyJsonAuto", body, headers=headers).body == body
    assert tests_function.call("requestBodyJsonAuto", b"", headers=headers).body == b"{}"


def test_a_bad_json_body_fails_at_the_access(tests_function: Driven) -> None:
    answer = tests_function.call("requestBodyJson", b'{"invaludJson:true}')
    assert answer.status == 500
    assert "JSON" in answer.errors


def test_the_context_has_appwrites_keys_in_order(launcher: Driven, root: Path) -> None:
    source = "module.exports = (c) => c.res.json([c, c.req, c.res].map(Object.keys))"
    assert loaded(launcher, root, source, "main.js").kind == LOADED
    context, request, response = json.loads(launcher.call().body)
    assert context == ["req", "res", "log", "error"]
    assert request == [
        *("body", "bodyRaw", "bodyText", "bodyJson", "bodyBinary", "headers", "method", "host"),
        *("scheme", "query", "queryString", "port", "url", "path"),
    ]
    assert sorted(response) == ["binary", "empty", "json", "redirect", "send", "text"]


def test_log_lines_are_rendered_and_cut(tests_function: Driven) -> None:
    cut = "... Log truncated due to size limit (8000 characters)"
    answer = tests_function.call("logs")
    assert answer.messages[0] == ("native", "Native log")
    values = {
        "objectKey": "objectValue",
        "largest": "9223372036854775807",
        "smallest": "-9223372036854775808",
        "date": "1970-01-01T00:00:00.000Z",
        "set": ["setvalue1", "setvalue2", "setvalue3"],
        "bytes": [1, 2, 3],
        "url": "https://appwrite.io/my-awesome-path",
    }
    assert answer.said("log") == [
        "Debug log",
        "Log+With+Plus+Symbol",
        "42",
        "4.2",
        "true",
        json.dumps(values, separators=(",", ":")),
        '["arrayValue"]',
        "A" * 8000 + cut,
    ]
    assert answer.said("error") == ["Error log", "B" * 8000 + cut]


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ("", ""),
        ("'a', 1, null", "a 1 null"),
        ("undefined, NaN, -0, Infinity", 'null "NaN" "-0" "Infinity"'),
        ("{ u: undefined, f() {}, s: Symbol('x') }", '{"u":null}'),
        ("() => 1, Symbol('x')", " "),
        ("new Map([['k', 1n]]), /r/g", '[["k","1"]] "/r/g"'),
        ("new (class P { x = 1; y = new Set([1]) })()", '{"x":1,"y":{}}'),
        ("(() => { const a = [1]; a.push(a, { a }); return a })()", '[1,null,{"a":null}]'),
        ("(() => { const s = { q: 1 }; return [s, s] })()", '[{"q":1},{"q":1}]'),
        ("{ e: new TypeError('m', { cause: 1n }) }", "TYPE_ERROR"),
        ("'👋'.repeat(4000)", "👋" * 4000),
        ("'x'.repeat(8001)", "x" * 8000 + "... Log truncated due to size limit (8000 characters)"),
        ("new Date(NaN), new URL('https://a.b')", 'null "https://a.b/"'),
    ],
)
def test_values_are_rendered_as_superjson_does(evaluator: Driven, values: str, line: str) -> None:
    error = '{"e":{"name":"TypeError","message":"m","cause":"1"}}'
    answer = evaluator.call(body=f"log({values}); return res.empty()".encode())
    assert answer.messages == [("log", line.replace("TYPE_ERROR", error))]


def test_an_error_is_logged_with_its_stack(evaluator: Driven) -> None:
    answer = evaluator.call(body=b"log(new Error('inner')); return res.empty()")
    assert answer.logs.startswith("Error: inner\n    at ")


def test_console_lines_come_in_order_and_without_formats(evaluator: Driven) -> None:
    code = b"log(1); console.log('%s', 'a'); console.error({b: 1}); error(2); return res.empty()"
    lines = [("log", "1"), ("native", "%s a"), ("native", '{"b":1}'), ("error", "2")]
    assert evaluator.call(body=code).messages == lines
    assert evaluator.output() == ""


def test_nothing_is_logged_when_logging_is_off(tests_function: Driven) -> None:
    assert tests_function.call("logs", logging=False).messages == []
    assert tests_function.output() == "Native log\n"


def test_a_missing_return_is_told(tests_function: Driven) -> None:
    answer = tests_function.call("noResponse")
    text = "Return statement missing. return context.res.empty() if no response is expected."
    assert (answer.status, answer.body, answer.errors) == (500, b"", text)
    assert answer.header["kind"] == "missing-return"


def test_a_stack_names_the_entrypoint_and_not_the_launcher(tests_function: Driven) -> None:
    answer = tests_function.call("nonExistingAction")
    assert (answer.status, answer.body, answer.logs) == (500, b"", "")
    assert answer.errors.startswith("Error: Unknown action\n    at ")
    assert "tests." in answer.errors
    assert "launcher.cjs" not in answer.errors


def test_a_missing_package_met_late_keeps_its_stack(launcher: Driven, root: Path) -> None:
    source = "module.exports = () => require('nope')"
    assert loaded(launcher, root, source, "main.js").kind == LOADED
    errors = launcher.call().errors
    file = str(root / "main.js")
    assert errors.startswith(f"Error: Cannot find module 'nope'\nRequire stack:\n- {file}\n    at ")
    assert f"({file}:1:" in errors
    assert "launcher.cjs" not in errors


@pytest.mark.parametrize(
    ("thrown", "errors"),
    [
        ("'text'", "text"),
        ("{ a: 1n }", '{"a":"1"}'),
        ("5", "5"),
        ("null", "TypeError: Cannot read properties of null (reading 'stack')"),
        ("undefined", "TypeError: Cannot read properties of undefined (reading 'stack')"),
    ],
)
def test_any_value_can_be_thrown(evaluator: Driven, thrown: str, errors: str) -> None:
    answer = evaluator.call(body=f"throw {thrown}".encode())
    assert (answer.status, answer.body, answer.errors) == (500, b"", errors)


@pytest.mark.parametrize("value", ["'text'", "5", "false", "''"])
def test_a_returned_scalar_is_an_error_without_a_word(evaluator: Driven, value: str) -> None:
    answer = evaluator.call(body=f"return {value}".encode())
    assert (answer.status, answer.body, answer.messages) == (500, b"", [])


@pytest.mark.parametrize("status", ["0", "99", "1000", "'no'"])
def test_an_impossible_status_is_500(evaluator: Driven, status: str) -> None:
    answer = evaluator.call(body=f"return res.text('x', {status})".encode())
    assert (answer.status, answer.headers, answer.body) == (500, [], b"")


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("Buffer.from('ab')", b"ab"),
        ("new Uint8Array([1, 2])", b'{"0":1,"1":2}'),
        ("new ArrayBuffer(2)", b"{}"),
        ("[1, 2]", b"[1,2]"),
        ("'text'", b"text"),
        ("5", b"5"),
        ("null", b""),
        ("undefined", b""),
        ("process.getBuiltinModule?.('stream').Readable.from(['a', 'b']) ?? 'ab'", b"ab"),
    ],
)
def test_binary_sends_what_appwrites_server_sends(
    evaluator: Driven, body: str, sent: bytes
) -> None:
    answer = evaluator.call(body=f"return res.binary({body})".encode())
    assert (answer.status, answer.body) == (200, sent)


def test_header_values_become_texts_and_lists_several_lines(evaluator: Driven) -> None:
    code = b"return res.text('x', '201', { N: 5, b: true, 'set-cookie': ['a=1', 'b=2'] })"
    answer = evaluator.call(body=code)
    assert answer.status == 201
    lines = [("N", "5"), ("b", "true"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]
    assert answer.headers == lines


@pytest.mark.parametrize(
    "headers",
    ["{ a: undefined }", "{ a: 'b\\nc' }", "{ a: '👋' }", "{ 'a b': 1 }", "new Headers()"],
)
def test_an_unusable_header_is_an_error(evaluator: Driven, headers: str) -> None:
    answer = evaluator.call(body=f"return res.text('x', 200, {headers})".encode())
    assert (answer.status, answer.body) == (500, b"")
    assert answer.errors.startswith("TypeError: ")


def test_overlapping_calls_keep_their_lines_apart(tests_function: Driven) -> None:
    answers: dict[int, Answer] = {}
    for id, body in ((7, b"slow"), (8, b"fast")):
        tests_function.send(CALL, id, request_header("overlap"), body)
    order = [tests_function.answer(answers)[0] for _ in range(2)]
    assert order == [8, 7]
    for id, name in ((7, "slow"), (8, "fast")):
        lines: list[tuple[str, Any]] = []
        for moment in ("begins", "ends"):
            lines += [("native", f"native {name} {moment}"), ("log", f"{name} {moment}")]
        assert answers[id].messages == lines


def test_a_line_after_the_answer_is_dropped(tests_function: Driven) -> None:
    answers: dict[int, Answer] = {}
    assert tests_function.call("lateLog", id=11).messages == []
    tests_function.send(CALL, 12, request_header("overlap"), b"slow")  # outlasts the late line
    tests_function.answer(answers)
    assert [*answers] == [12]


def test_module_state_survives_between_calls(tests_function: Driven) -> None:
    first, second = (int(tests_function.call("count").body) for _ in range(2))
    assert second == first + 1
