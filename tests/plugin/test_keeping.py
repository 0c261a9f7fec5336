"""The state of a failed test is a file: to be looked into, and to be the seed of other tests."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..acceptance.command import launched, run, wait_for_line
from .outcomes import FUNCTIONS, outcomes, section
from .suites import Ran, Suite

pytestmark = pytest.mark.timeout(90)

TESTS = """\
import pytest


@pytest.fixture
def ann(appwrite):
    return appwrite.user("ann", name="Ann")


@pytest.mark.parametrize("name", ["a b", "a-b"])
def test_fails(appwrite, ann, name):
    assert appwrite.functions["greet"].call(json={"name": name}).json() == {}


def test_passes(appwrite):
    pass


@pytest.fixture
def broken(ann):
    raise RuntimeError


def test_set_up(broken):
    pass
"""
PROJECT = """\
{"projectId": "suite", "functions": [
  {"$id": "greet", "name": "greet", "runtime": "python-3.12", "path": "functions/greet",
   "entrypoint": "main.py"},
  {"$id": "boom", "name": "boom", "runtime": "python-3.12", "path": "functions/boom",
   "entrypoint": "main.py"}
]}
"""
SEEDED = """\
import pytest


@pytest.mark.parametrize("number", range(2))
@pytest.mark.appwrite(seed="ann.tar.gz")
def test_seeded(appwrite, number):
    (user,) = appwrite._stage.api.ask("GET", "/users")["users"]
    assert user["name"] == "Ann"
    (before,) = appwrite.executions()
    assert before.logs == "greeting 1\\n"
    assert appwrite.functions["greet"].call().json() == {"changed": True}
    assert set(appwrite.functions) == {"greet", "boom"}


def test_unseeded(appwrite):
    assert appwrite._stage.api.ask("GET", "/users")["users"] == []


@pytest.mark.appwrite(seed="test_seeded.py")
def test_no_archive(appwrite):
    pass
"""


@dataclass(frozen=True)
class Kept:
    """A run with `--appwrite-keep`, and where it kept what."""

    suite: Suite
    ran: Ran

    @property
    def files(self) -> list[Path]:
        return sorted((self.suite.folder / "kept").glob("*.tar.gz"))


@pytest.fixture(scope="module")
def kept() -> Iterator[Kept]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        suite = Suite(Path(folder))
        for name, text in FUNCTIONS.items():
            suite.write(name, text)
        suite.write("test_it.py", TESTS)
        yield Kept(suite, suite.run("-q", "-rA", "--appwrite-keep=kept"))


def test_each_failed_test_has_a_file_of_its_own(kept: Kept) -> None:
    assert set(outcomes(kept.ran).values()) == {"FAILED", "PASSED", "ERROR"}
    assert len(kept.files) == 3, kept.files
    assert all("test_passes" not in each.name for each in kept.files)


def test_the_report_says_how_to_look_into_it(kept: Kept) -> None:
    told = section(kept.ran, "test_set_up")
    imports, starts = re.findall(r"^  appwrite-emulator (.*)$", told, re.MULTILINE)

    done = run(*shlex.split(imports))
    assert done.returncode == 0, done.stderr
    assert "2 functions" in done.stdout
    assert "1 user" in done.stdout

    again = run(*shlex.split(imports))
    assert again.returncode == 0, again.stderr

    with tempfile.TemporaryDirectory() as empty:
        command = [*shlex.split(starts), empty, "--port", "0"]
        with launched(*command) as process:
            wait_for_line(process, "Ready at ")


def test_what_was_kept_is_the_seed_of_another_test(kept: Kept) -> None:
    suite = Suite(kept.suite.place / "other")
    for name, text in FUNCTIONS.items():
        suite.write(name, text)
    changed = 'def main(context):\n    return context.res.json({"changed": True})\n'
    suite.write("functions/greet/main.py", changed)
    suite.write("test_seeded.py", SEEDED)
    suite.write("appwrite.config.json", PROJECT)
    (suite.folder / "ann.tar.gz").write_bytes(kept.files[0].read_bytes())

    ran = suite.run("-q", "-rA")

    assert outcomes(ran) == {
        "test_seeded[0]": "PASSED",
        "test_seeded[1]": "PASSED",
        "test_unseeded": "PASSED",
        "test_no_archive": "ERROR",
    }, ran.output
    assert "test_seeded.py cannot be imported" in section(ran, "test_no_archive")


def test_a_folder_with_other_things_in_it_is_refused(kept: Kept) -> None:
    ran = kept.suite.run("--appwrite-keep", "functions")

    assert ran.code == pytest.ExitCode.USAGE_ERROR
