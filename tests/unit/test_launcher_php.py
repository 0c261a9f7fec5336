"""The real PHP launcher, where PHP itself is peculiar."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from appwrite_emulator.assets import assets
from appwrite_emulator.catalog import Catalog

from ..conformance.driver import (
    CALL,
    EXIT,
    LOADED,
    Answer,
    Driven,
    command,
    driven,
    loaded,
    request_header,
)
from .conftest import PHP


@pytest.fixture
def launcher() -> Iterator[Driven]:
    with driven(command("php", PHP)) as launcher:
        yield launcher


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src" / "function"
    root.mkdir(parents=True)
    return root


def called(launcher: Driven, root: Path, body: str) -> Answer:
    """What a function with that body answers."""
    source = f"<?php return function ($context) {{\n{body}\n}};"
    assert loaded(launcher, root, source, "main.php").kind == LOADED
    return launcher.call()


def test_what_was_printed_comes_at_once_and_ends_with_a_line_break(
    launcher: Driven, root: Path
) -> None:
    source = """<?php return function ($context) {
        echo 'now';
        $context->log(stream_get_contents(fopen($context->req->bodyText, 'r')));
        return $context->res->empty();
    };"""
    assert loaded(launcher, root, source, "main.php").kind == LOADED
    fifo = root / "fifo"
    subprocess.run(["mkfifo", fifo], check=True)
    launcher.send(CALL, 1, request_header(), str(fifo).encode())
    with fifo.open("w") as gate:  # waits until the function has come there
        assert launcher.output() == "now"
        gate.write("later")
    assert launcher.answer()[1].logs == "later"
    assert launcher.output() == "\n"


def test_nothing_of_one_call_is_in_the_way_of_the_next(launcher: Driven, root: Path) -> None:
    body = """static $count = 0;
    set_error_handler(fn ($level, $message) => throw new ErrorException($message));
    while (ob_get_level() > 0) ob_end_clean();
    ob_start(); ob_start();
    return $context->res->text(++$count);"""
    assert called(launcher, root, body).body == b"1"
    assert launcher.call().body == b"2"


def test_an_error_in_our_classes_is_placed_where_they_were_called(
    launcher: Driven, root: Path
) -> None:
    answer = called(launcher, root, "\n\nreturn $context->res->text([]);")
    place = f"{root}/main.php"
    message, at = answer.said("error")
    assert message.startswith("RuntimeResponse::text(): Argument #1 ($body) must be of type string")
    assert message.endswith(f"\n#0 {place}(4): RuntimeResponse->text(Array)\n#1 {{main}}")
    assert at == f"At {place}:4"


def test_shutdown_functions_run_when_the_emulator_ends_it(launcher: Driven, root: Path) -> None:
    body = """register_shutdown_function(function () { echo 'closed'; });
    return $context->res->empty();"""
    assert called(launcher, root, body).status == 204
    launcher.send(EXIT, 0, {})
    assert launcher.exit_code() == 0
    assert launcher.output() == "closed"


@pytest.mark.parametrize(("manifest", "hint"), [("composer.json", True), ("other.json", False)])
def test_a_build_is_told_that_composer_is_missing(root: Path, manifest: str, hint: bool) -> None:
    (root / manifest).write_text("{}")
    family = Catalog([assets("runtimes")]).family("php-8.3")
    assert family is not None
    done = subprocess.run(
        ["/bin/sh", "-c", family.prepare],
        cwd=root,
        env={"PATH": str(root)},
        capture_output=True,
        text=True,
        timeout=15,
        check=True,
    )
    assert ("apt install composer" in done.stderr) == hint
