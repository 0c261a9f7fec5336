"""The real Python launcher, driven over its pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog

from .launcher_driver import (
    CALL,
    ENFORCED,
    EXIT,
    LOAD_FAILED,
    LOADED,
    Answer,
    Driven,
    Frame,
    driven,
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


def loaded(launcher: Driven, root: Path, source: str) -> Frame:
    (root / "main.py").write_text(source)
    return launcher.load(root, "main.py")


def called(launcher: Driven, root: Path, body: str, **request: object) -> Answer:
    """What `main(context)` with that body answers."""
    lines = "\n    ".join(body.splitlines())
    frame = loaded(launcher, root, f"def main(context):\n    {lines}\n")
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
    assert loaded(launcher, root, source).kind == LOADED
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
    assert tests_function.call("lateLog", id=11).messages == []
    answer = tests_function.call("overlap", b"slow", id=12)  # lasts longer than the late line
    assert answer.said("log") == ["slow begins", "slow ends"]


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
    assert loaded(launcher, root, source).kind == LOADED
    answer = launcher.call()
    assert answer.status == 500
    assert "CancelledError" in answer.errors


@pytest.mark.parametrize(
    ("files", "entrypoint", "message"),
    [
        ({}, "gone.py", "Failed to load entrypoint, file gone.py does not exist."),
        ({"src/x.py": ""}, "src", "Failed to load entrypoint, file src does not exist."),
        ({"m.py": "import nope"}, "m.py", "Module not found: nope"),
        ({"m.py": "import other", "other.py": ""}, "m.py", "Module not found: other"),
        ({"m.py": "import config"}, "m.py", "Module not found: config"),
        ({"m.py": "import context"}, "m.py", "Module not found: context"),
        ({"m.py": "import launcher"}, "m.py", "Module not found: launcher"),
        ({"m.py": "def f(:\n"}, "m.py", "Syntax error in {root}/m.py:1: invalid syntax"),
        ({"m.py": "import os\nos.nope"}, "m.py", "module 'os' has no attribute 'nope'"),
        ({"m.py": "x = 1"}, "m.py", "NO_MAIN"),
        ({"m.py": "main = 1"}, "m.py", "NO_MAIN"),
    ],
)
def test_a_module_that_cannot_be_loaded_says_why(
    launcher: Driven, root: Path, files: dict[str, str], entrypoint: str, message: str
) -> None:
    for name, source in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(source)
    signature = "Function signature invalid. Did you forget to export a 'main' function?"
    frame = launcher.load(root, entrypoint)
    assert frame.kind == LOAD_FAILED
    assert frame.header["message"] == message.format(root=root).replace("NO_MAIN", signature)


def test_a_file_without_main_is_refused(launcher: Driven) -> None:
    frame = launcher.load(FIXTURES, "no_export.py")
    assert frame.kind == LOAD_FAILED
    assert frame.header["message"].startswith("Function signature invalid.")


def test_an_exception_while_loading_brings_its_trace(launcher: Driven, root: Path) -> None:
    frame = loaded(launcher, root, "print('before')\nraise ValueError('bad')")
    assert frame.kind == LOAD_FAILED
    file = root / "main.py"
    start = f'Failed to load module: Traceback (most recent call last):\n  File "{file}", line 2'
    assert frame.header["message"].startswith(start)
    assert launcher.output() == "before\n"


def test_modules_beside_the_entrypoint_are_imported_relatively(
    launcher: Driven, root: Path
) -> None:
    (root / "app").mkdir()
    (root / "app" / "server.py").write_text("NAME = __name__")
    source = "from .server import NAME\ndef main(context):\n    return context.res.text(NAME)\n"
    (root / "app" / "my-main.py").write_text(source)
    assert launcher.load(root, "app/my-main.py").kind == LOADED
    assert launcher.call().body == b"function.app.server"


def test_the_process_is_the_functions_own_after_loading(launcher: Driven, root: Path) -> None:
    source = """
import os, sys, time
BEFORE = os.environ["GREETING"]
def main(context):
    return context.res.json([BEFORE, os.getcwd(), __name__, sys.path[0], time.tzname[0]])
"""
    (root / "main.py").write_text(source)
    launcher.load(root, "main.py", {"GREETING": "hello", "TZ": "XYZ-2"})
    src = str(root.parent)
    assert json.loads(launcher.call().body) == ["hello", src, "function.main", src, "XYZ"]


def make_wheel(folder: Path) -> Path:
    """A package that needs neither a registry nor a build tool."""
    wheel = folder / "installed_one-1.0-py3-none-any.whl"
    info = "installed_one-1.0.dist-info"
    files = {
        "installed_one.py": "NAME = 'one'",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: installed-one\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return wheel


def prepare_script() -> str:
    family = Catalog([assets("runtimes")]).family("python-3.11")
    assert family is not None
    return family.prepare.replace("{interpreter}", os.path.realpath(sys.executable))


def test_packages_installed_by_the_build_are_found(launcher: Driven, root: Path) -> None:
    script = f"{prepare_script()}\nruntime-env/bin/pip install -q --no-index {make_wheel(root)}"
    done = subprocess.run(
        ["sh", "-c", script], cwd=root, capture_output=True, text=True, timeout=15, check=False
    )
    if "There is no pip" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    answer = called(
        launcher,
        root,
        "import installed_one, os, sys\n"
        "path = os.environ['PATH'].split(':')[0]\n"
        "return context.res.json([installed_one.NAME, sys.prefix, path, sys.executable])",
    )
    venv = root / "runtime-env"
    python = str(venv / "bin" / "python")
    assert json.loads(answer.body) == ["one", str(venv), str(venv / "bin"), python]


@pytest.mark.parametrize(
    ("statement", "code"),
    [("sys.exit(3)", 3), ("exit(4)", 4), ("os._exit(5)", 5), ("os.abort()", -6)],
)
@pytest.mark.parametrize("define", ["def", "async def"])
def test_leaving_the_process_kills_it(
    launcher: Driven, root: Path, define: str, statement: str, code: int
) -> None:
    source = f"import os, sys\n{define} main(context):\n    print('last words')\n    {statement}\n"
    loaded(launcher, root, source)
    launcher.send(CALL, 1, request_header())
    assert launcher.exit_code() == code
    assert launcher.output().startswith("last words\n")


def test_lines_from_threads_stay_whole(launcher: Driven, root: Path) -> None:
    body = """from threading import Thread
threads = [Thread(target=lambda n=n: [context.log(str(n) * 7000) for _ in range(20)])
           for n in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
return context.res.empty()"""
    answer = called(launcher, root, body)
    assert sorted(answer.said("log")) == sorted(str(n) * 7000 for n in range(4) for _ in range(20))


def test_children_do_not_inherit_the_pipes(launcher: Driven, root: Path) -> None:
    body = """import os, subprocess
answer = subprocess.run(["ls", "/dev/fd/"], capture_output=True, close_fds=False, text=True)
return context.res.json([os.get_inheritable(3), os.get_inheritable(4), answer.returncode])"""
    assert json.loads(called(launcher, root, body).body) == [False, False, 0]


@pytest.mark.parametrize("how", ["exit frame", "end of file"])
def test_the_launcher_ends_with_the_emulator(launcher: Driven, how: str) -> None:
    if how == "exit frame":
        launcher.send(EXIT, 0, {})
    else:
        launcher.hang_up()
    assert launcher.exit_code() == 0


def test_an_unknown_frame_is_ignored(tests_function: Driven) -> None:
    tests_function.send(99, 5, {"a": 1}, b"body")
    assert tests_function.call("statusResponse").status == 404
