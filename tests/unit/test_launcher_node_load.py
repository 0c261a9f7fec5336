"""The real Node.js launcher, loading a function and ending with it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator.assets import assets

from .launcher_driver import (
    CALL,
    EXIT,
    LOAD_FAILED,
    LOADED,
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


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


@pytest.mark.parametrize(
    ("files", "entrypoint", "body"),
    [
        ({"a.js": "exports.default = ({ res }) => res.text('default')"}, "a.js", b"default"),
        ({"main": "module.exports = ({ res }) => res.text('bare')"}, "main", b"bare"),
        (
            {"a.mjs": "await 1; export default ({ res }) => res.text('awaited')"},
            "a.mjs",
            b"awaited",
        ),
        (
            {
                "package.json": '{"type": "module"}',
                "src/main.js": "import { x } from './x.js'; export default (c) => c.res.text(x)",
                "src/x.js": "export const x = 'typed'",
            },
            "src/main.js",
            b"typed",
        ),
        (
            {
                "node_modules/dep/index.js": "module.exports = 'dep'",
                "lib/main.js": "const d = require('dep'); module.exports = (c) => c.res.text(d)",
            },
            "lib/main.js",
            b"dep",
        ),
    ],
)
def test_every_kind_of_module_is_loaded(
    launcher: Driven, root: Path, files: dict[str, str], entrypoint: str, body: bytes
) -> None:
    for name, source in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(source)
    assert launcher.load(root, entrypoint).kind == LOADED
    assert launcher.call().body == body


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("a.js", None, "Failed to load entrypoint, file a.js does not exist."),
        ("a.js", "module.exports = (", "Syntax error in a.js: Unexpected end of input"),
        ("a.mjs", "export default (", "Syntax error in a.mjs: Unexpected end of input"),
        ("a.mjs", "import 'nope'", "Failed to load module: Cannot find package 'nope'"),
        ("a.js", "require('nope')", "Failed to load module: Cannot find module 'nope'\nRequire"),
        ("a.js", "null.x", "Cannot read properties of null (reading 'x')"),
        ("a.js", "throw new Error('bad')", "Failed to load module: bad"),
        ("a.js", "throw 'bad'", "Failed to load module: bad"),
        ("a.js", "", "Function signature invalid. Did you forget to export a 'main' function?"),
        ("a.mjs", "export const main = 1", "Function signature invalid. Did you forget to"),
    ],
)
def test_a_module_that_cannot_be_loaded_says_why(
    launcher: Driven, root: Path, name: str, source: str | None, message: str
) -> None:
    if source is not None:
        (root / name).write_text(source)
    frame = launcher.load(root, name)
    assert frame.kind == LOAD_FAILED
    assert frame.header["message"].startswith(message)
    assert "launcher.cjs" not in frame.header["message"]


def test_a_file_without_a_default_export_is_refused(launcher: Driven) -> None:
    frame = launcher.load(FIXTURES, "no-export.js")
    assert frame.kind == LOAD_FAILED
    assert frame.header["message"].startswith("Function signature invalid.")


def test_the_process_is_the_functions_own_after_loading(launcher: Driven, root: Path) -> None:
    source = """
const before = process.env.GREETING;
console.log('loading %d', 1);
module.exports = ({ res }) => res.json([before, process.cwd(), __dirname]);
"""
    (root / "main.js").write_text(source)
    assert launcher.load(root, "main.js", {"GREETING": "hello"}).kind == LOADED
    assert launcher.output() == "loading 1\n"
    assert json.loads(launcher.call().body) == ["hello", str(root.parent), str(root)]


@pytest.mark.parametrize(
    ("code", "exit_code", "output"),
    [
        ("process.stdout.write('last words'); process.exit(3)", 3, "last words"),
        ("Promise.reject(new Error('nobody')); return new Promise(() => {})", 1, "Error: nobody"),
        ("setTimeout(() => { throw new Error('late') }); return new Promise(() => {})", 1, "late"),
        ("process.abort()", -6, ""),
    ],
)
def test_what_is_fatal_to_node_kills_the_process(
    launcher: Driven, root: Path, code: str, exit_code: int, output: str
) -> None:
    assert loaded(launcher, root, f"module.exports = () => {{ {code} }}", "main.js").kind == LOADED
    launcher.send(CALL, 1, request_header())
    assert launcher.exit_code() == exit_code
    assert output in launcher.output()


def test_children_do_not_inherit_the_pipes(launcher: Driven, root: Path) -> None:
    source = """
const { execFileSync } = require('node:child_process');
module.exports = ({ res }) => res.text(execFileSync('sh', ['-c', 'echo x >&4 || echo closed'],
  { stdio: ['ignore', 'pipe', 'ignore'] }));
"""
    assert loaded(launcher, root, source, "main.js").kind == LOADED
    assert launcher.call().body == b"closed\n"


@pytest.mark.parametrize("how", ["exit frame", "end of file"])
def test_the_launcher_ends_with_the_emulator(launcher: Driven, how: str) -> None:
    if how == "exit frame":
        launcher.send(EXIT, 0, {})
    else:
        launcher.hang_up()
    assert launcher.exit_code() == 0


def test_an_unknown_frame_is_ignored(launcher: Driven) -> None:
    launcher.send(99, 5, {"a": 1}, b"body")
    assert launcher.load(FIXTURES, "tests.js").kind == LOADED
    launcher.send(99, 5, {"a": 1}, b"body")
    assert launcher.call("statusResponse").status == 404
