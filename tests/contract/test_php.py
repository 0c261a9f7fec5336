"""Functions in PHP, through the API: they build, answer, fail and are stopped like all others."""

from __future__ import annotations

import json

import pytest

from .server import Json, Project, serving

PHP = {"runtime": "php-8.3", "entrypoint": "main.php"}
ANSWER = "<?php\nreturn fn ($context) => $context->res->text('{}');\n"


@pytest.fixture
def owner(project: Project) -> Project:
    """A project with the function `f` in PHP."""
    project.function(**PHP)
    return project


def _function(body: str) -> dict[str, str]:
    return {"main.php": f"<?php\nreturn function ($context) {{\n{body}\n}};\n"}


def _executed(owner: Project, body: str) -> Json:
    assert owner.deploy("f", _function(body))["status"] == "ready"
    return owner.execute("f")


def test_a_function_answers(owner: Project) -> None:
    body = (
        "$context->log('called by', $context->req->headers['x-appwrite-trigger']);\n"
        "return $context->res->json([$context->req->method, getenv('APPWRITE_FUNCTION_ID')], 201);"
    )
    execution = _executed(owner, body)
    assert json.loads(execution["responseBody"]) == {"0": "POST", "1": "f"}
    assert (execution["status"], execution["responseStatusCode"]) == ("completed", 201)
    assert (execution["logs"], execution["errors"]) == ("called by http\n", "")


def test_a_new_deployment_takes_over(owner: Project) -> None:
    for text in ("one", "two"):
        owner.deploy("f", {"main.php": ANSWER.format(text)})
        assert owner.execute("f")["responseBody"] == text


def test_commands_can_write_what_is_run(owner: Project) -> None:
    command = 'php -r \'file_put_contents("main.php", file_get_contents("source.txt"));\''
    built = owner.deploy("f", {"source.txt": ANSWER.format("built")}, commands=command)
    assert built["status"] == "ready", built["buildLogs"]
    assert owner.execute("f")["responseBody"] == "built"


@pytest.mark.parametrize(
    ("files", "error"),
    [
        ({"main.php": "<?php\nreturn (;"}, "/src/function/main.php:2: syntax error, unexpected"),
        ({"other.php": ""}, "Failed to load entrypoint, file main.php does not exist.\n"),
        ({"main.php": "no PHP"}, "Function signature invalid. Did you forget to export"),
        ({"main.php": "<?php class A implements Countable {}"}, "must therefore be declared"),
    ],
)
def test_code_that_cannot_be_loaded_says_why(
    owner: Project, files: dict[str, str], error: str
) -> None:
    assert owner.deploy("f", files)["status"] == "ready"
    execution = owner.execute("f")
    assert (execution["status"], execution["responseStatusCode"]) == ("failed", 503)
    assert error in execution["errors"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("nowhere();", "Call to undefined function nowhere()\n"),
        ("exit(3);", "The function's process exited with code 3\n"),
        ("ini_set('memory_limit', '8M'); str_repeat('x', 9 << 20);", "Allowed memory size of"),
        ("posix_kill(getmypid(), SIGKILL);", "killed by signal 9"),
    ],
)
def test_a_function_that_fails_does_so_alone(owner: Project, body: str, error: str) -> None:
    execution = _executed(owner, f"if ($context->req->bodyText === 'fail') {{ {body} }}")
    assert execution["errors"].startswith("Return statement missing.")
    failed = owner.execute("f", body="fail")
    assert (failed["status"], failed["responseStatusCode"]) == ("failed", 500)
    assert error in failed["errors"]
    assert owner.execute("f")["errors"] == execution["errors"]


@pytest.mark.parametrize("loop", ["while (true);", "sleep(60);", "while (true) echo 'flood ';"])
def test_a_function_that_does_not_end_is_stopped(project: Project, loop: str) -> None:
    project.function(**PHP, timeout=1)
    project.deploy("f", _function(f"$context->log('begun'); {loop}"))
    execution = project.execute("f")
    assert (execution["status"], execution["errors"]) == ("failed", "Execution timed out.\n")
    assert execution["logs"].startswith("begun\n")
    assert len(execution["logs"]) < 10_000


def test_between_two_tests_its_files_go_and_its_process_stays_warm() -> None:
    body = (
        "$before = glob(sys_get_temp_dir() . '/*');\n"
        "file_put_contents(tempnam(sys_get_temp_dir(), 'left'), 'x');\n"
        "return $context->res->json([count($before), getmypid()]);"
    )
    with serving(memory=True) as server:
        project, control = server.project(), server.emulator.control
        project.function(**PHP)
        first = json.loads(_executed(project, body)["responseBody"])
        (line,) = server.run(control.restore, server.run(control.snapshot).id).lines()
        assert line.startswith("Function f left 1 file of 1 bytes: tmp/left")
        assert json.loads(project.execute("f")["responseBody"]) == first
