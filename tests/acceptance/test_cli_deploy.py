"""`appwrite-emulator deploy`, run as users run it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from .command import NODE, Running, environment, lines_with, project, run, source, started

pytestmark = pytest.mark.timeout(60)

HELLO = {"$id": "hello", "runtime": "node-22", "entrypoint": "main.mjs", "vars": {"WORD": "one"}}
BROKEN = {"$id": "broken", "runtime": "node-22", "entrypoint": "main.mjs"}


@pytest.fixture
def emulator() -> Iterator[Running]:
    with started("--memory") as running:
        yield running


def deploy(
    emulator: Running, folder: Path, *arguments: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    env = environment(APPWRITE_ENDPOINT=emulator.endpoint)
    if cwd:
        return run("deploy", *arguments, env=env, cwd=cwd)
    return run("deploy", "--dir", str(folder), "--url", emulator.endpoint, *arguments, env=env)


def shop(folder: Path, *functions: Mapping[str, object]) -> Path:
    for each in functions:
        source(folder, f"{each['$id']}/main.mjs", NODE)
    return project(folder, *functions)


def said(emulator: Running, function: str) -> object:
    return emulator.execute(function, project="shop")["responseBody"]


def test_functions_are_created_and_then_updated(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, HELLO)
    done = deploy(emulator, tmp_path)
    *log, last = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert last.startswith("✓ hello  node-22  created, ready in 0.")
    assert lines_with(log, "Build finished")
    assert said(emulator, "hello") == "one"

    shop(tmp_path, {**HELLO, "vars": {"WORD": "two", "MORE": "x"}, "timeout": 7})
    assert "updated, ready" in deploy(emulator, tmp_path, "hello").stdout
    assert said(emulator, "hello") == "two"
    status, row = emulator.call("/functions/hello", project="shop")
    assert (status, row["timeout"], row["execute"]) == (200, 7, [])


def test_a_failed_build_is_told_with_its_log(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, HELLO, {**BROKEN, "commands": "echo there is no such tool; exit 3"})
    done = deploy(emulator, tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert lines_with(done.stdout.splitlines(), "✓ hello")
    told = done.stdout[done.stdout.index("✗ broken  node-22  failed after ") :]
    assert "there is no such tool" in told


def test_what_the_api_refuses_does_not_hinder_the_others(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, {**BROKEN, "runtime": "node-99"}, HELLO)
    done = deploy(emulator, tmp_path, "--json")
    broken, hello = json.loads(done.stdout)["deployments"]
    assert done.returncode == 1
    assert (hello["status"], hello["created"], hello["error"]) == ("ready", True, "")
    assert (broken["status"], broken["deploymentId"]) == ("failed", "")
    assert broken["error"].startswith("Invalid `runtime` param")


def test_large_folders_go_up_in_pieces(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, HELLO)
    (tmp_path / "hello" / "noise.bin").write_bytes(os.urandom(11_000_000))
    assert deploy(emulator, tmp_path).returncode == 0
    reply = emulator.call("/functions/hello/deployments", project="shop")[1]["deployments"]
    assert [each["status"] for each in reply] == ["ready"]
    assert reply[0]["sourceSize"] > 11_000_000
    assert said(emulator, "hello") == "one"


def test_a_folder_names_its_function(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, HELLO, BROKEN)
    by_folder = deploy(emulator, tmp_path, "hello", cwd=tmp_path / "hello")
    assert "✓ hello" in by_folder.stdout
    by_path = deploy(emulator, tmp_path, ".", cwd=tmp_path / "hello")
    assert "✓ hello" in by_path.stdout
    assert "broken" not in by_path.stdout
    elsewhere = deploy(emulator, tmp_path, str(tmp_path), cwd=tmp_path.parent)
    assert elsewhere.returncode == 0
    assert "✓ broken" in elsewhere.stdout


def test_links_that_lead_out_are_left_out_and_told(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, HELLO)
    (tmp_path / "shared.mjs").write_text("")
    (tmp_path / "hello" / "shared.mjs").symlink_to("../shared.mjs")
    (tmp_path / "hello" / "again.mjs").symlink_to("main.mjs")
    done = deploy(emulator, tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == (
        "! hello: shared.mjs was left out, it leads out of the folder"
    )


def test_who_does_not_wait_gets_the_id(emulator: Running, tmp_path: Path) -> None:
    shop(tmp_path, HELLO)
    done = deploy(emulator, tmp_path, "--no-wait", "--project", "bakery")
    assert done.returncode == 0
    assert done.stdout.startswith("… hello  node-22  created, ")
    id = done.stdout.split()[-1]
    assert emulator.call(f"/functions/hello/deployments/{id}", project="bakery")[0] == 200


def test_an_emulator_of_the_older_era_is_deployed_to(tmp_path: Path) -> None:
    shop(tmp_path, {**HELLO, "specification": "s-1vcpu-1gb"})
    with started("--memory", "--appwrite", "1.6") as emulator:
        done = deploy(emulator, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        row = emulator.call("/functions/hello", project="shop")[1]
        assert row["specification"] == "s-1vcpu-1gb"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["helo"], "There is no function 'helo' in "),
        (["helo"], "Did you mean 'hello'?"),
        (["--url", "http://127.0.0.1:1"], "no emulator answers at http://127.0.0.1:1"),
    ],
)
def test_what_cannot_be_deployed_is_refused_in_one_line(
    emulator: Running, tmp_path: Path, arguments: list[str], words: str
) -> None:
    shop(tmp_path, HELLO)
    done = deploy(emulator, tmp_path, *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_a_folder_without_functions_says_what_it_lacks(emulator: Running, tmp_path: Path) -> None:
    done = deploy(emulator, tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "has no functions: name a folder that has appwrite.config.json" in done.stderr
