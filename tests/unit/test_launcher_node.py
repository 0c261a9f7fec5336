"""The real Node.js launcher, driven over its pipes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ..conformance.driver import LOADED, Driven, command, driven, loaded
from .conftest import NODE


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven(command("node", NODE)) as launcher:
        yield launcher


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driven]:
    """A function that runs the body of each call as code, with the context's names."""
    root = tmp_path_factory.mktemp("evaluator")
    source = "module.exports = (c) => new Function('req', 'res', 'log', 'error', c.req.bodyText)"
    (root / "main.js").write_text(source + "(c.req, c.res, c.log, c.error)")
    with driven(command("node", NODE)) as launcher:
        assert launcher.load(root, "main.js").kind == LOADED
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


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


def test_prints_go_to_the_output_when_logging_is_off(evaluator: Driven) -> None:
    code = b"console.log('%d', 1); log(2); return res.empty()"
    assert evaluator.call(body=code, logging=False).messages == []
    assert evaluator.output() == "1\n"


@pytest.mark.parametrize("entrypoint", ["main.mjs", "wrong.mjs"])
def test_a_syntax_error_in_an_es_module_has_a_place(
    launcher: Driven, root: Path, entrypoint: str
) -> None:
    (root / "wrong.mjs").write_text("export default 1;\n\nlet one = = 2;\n")
    (root / "main.mjs").write_text("console.log('ran'); import one from './wrong.mjs';\n")
    answer = launcher.load(root, entrypoint)
    assert answer.header["message"] == f"Syntax error in {entrypoint}: Unexpected token '='"
    stack = f"{root}/wrong.mjs:3\nlet one = = 2;\n          ^\n\nSyntaxError: Unexpected token '='"
    assert answer.header["stack"] == stack


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


@pytest.mark.parametrize(
    ("code", "pending"),
    [
        ("console.log('x'); console.error('y')", {}),
        ("clearInterval(setInterval(() => {}, 9000))", {}),
        ("setTimeout(() => {}, 9000).unref()", {}),
        ("setInterval(() => {}, 9000); setTimeout(() => {}, 9000)", {"Timeout": 2}),
        ("require('net').createServer().listen(0, '127.0.0.1')", {"TCPServerWrap": 1}),
        ("new Promise(() => {})", {}),
    ],
)
def test_what_goes_on_after_an_answer_is_told(
    launcher: Driven, root: Path, code: str, pending: dict[str, int]
) -> None:
    source = f"module.exports = async (c) => {{ {code}; return c.res.empty() }}"
    assert loaded(launcher, root, source, "main.js").kind == LOADED
    assert launcher.call().status == 204
    assert launcher.pending() == pending


def test_what_a_module_has_begun_while_loading_is_usual(launcher: Driven, root: Path) -> None:
    source = """
    const ticking = setInterval(() => {}, 9000);
    module.exports = async (c) => {
      if (c.req.path === '/more') setInterval(() => {}, 9000);
      if (c.req.path === '/other') { clearInterval(ticking); setInterval(() => {}, 9000); }
      if (c.req.path === '/less') clearInterval(ticking);
      return c.res.empty();
    }"""
    assert loaded(launcher, root, source, "main.js").kind == LOADED
    assert (launcher.call().status, launcher.pending()) == (204, {})
    assert (launcher.call(path="/less").status, launcher.pending()) == (204, {})
    launcher.call(path="/more")
    assert launcher.pending() == {"Timeout": 1}, "what was cleared is usual no longer"


def test_an_idle_connection_that_is_kept_open_is_nothing_under_way(
    launcher: Driven, root: Path
) -> None:
    source = """
    const http = require('node:http');
    const agent = new http.Agent({ keepAlive: true });
    module.exports = async (c) => {
      const url = c.req.bodyText;
      await (await fetch(url)).text();
      await new Promise((done) => http.get(url, { agent }, (r) => r.resume().on('end', done)));
      await new Promise(setImmediate);
      return c.res.empty();
    }"""
    assert loaded(launcher, root, source, "main.js").kind == LOADED
    with listening() as url:
        assert launcher.call(body=url.encode()).status == 204
        assert launcher.pending() == {}


@contextmanager
def listening() -> Iterator[str]:
    """The URL of a server that keeps connections open."""

    class Answer(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
