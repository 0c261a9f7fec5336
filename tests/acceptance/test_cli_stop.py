"""`stop`, `reset` and `open`, run as users run them."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from appwrite_emulator import Emulator

from .command import COMMAND, NODE, Running, environment, project, run, source, started

pytestmark = pytest.mark.timeout(60)


def shop(folder: Path) -> Path:
    ids = {"hello": ["any"], "closed": []}
    for id in ids:
        source(folder, f"{id}/main.mjs", NODE)
    settings = {"runtime": "node-22", "entrypoint": "main.mjs"}
    return project(folder, *({"$id": id, "execute": ids[id], **settings} for id in ids))


@pytest.fixture(scope="module")
def open_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(str(shop(tmp_path_factory.mktemp("shop"))), "--memory") as emulator:
        yield emulator


@pytest.fixture(scope="module")
def empty() -> Iterator[Running]:
    with started("--memory") as emulator:
        yield emulator


def tell(emulator: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(*arguments, env=environment(APPWRITE_ENDPOINT=emulator.endpoint))


def test_an_emulator_is_stopped_and_gone_when_that_is_said(tmp_path: Path) -> None:
    with started(str(shop(tmp_path))) as emulator:
        done = run("stop", "--dir", str(tmp_path))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("Stopped the emulator at http://127.0.0.1:")
        assert f"pid {emulator.process.pid}." in done.stdout
        assert emulator.process.poll() == 0  # not only on its way
        assert emulator.process.stdout is not None
        assert emulator.process.stdout.read() == "Stopping\n"
    with started(str(tmp_path)):
        pass  # its state is free again


def test_one_in_memory_is_found_by_its_address() -> None:
    with started("--memory") as emulator:
        assert run("stop", "--url", emulator.endpoint).returncode == 0
        assert emulator.process.wait(0) == 0
        done = run("stop", "--url", emulator.endpoint)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith(": nothing to stop.\n")


def test_who_embeds_an_emulator_ends_it_alone() -> None:
    with Emulator(port=0) as emulator:
        done = run("stop", "--url", emulator.endpoint)
        assert (done.returncode, done.stdout) == (2, "")
        assert "is part of another program" in done.stderr


def test_where_keys_count_a_stop_wants_one() -> None:
    with started("--memory", "--key", "boss", "--strict") as emulator:
        refused = run("stop", "--url", emulator.endpoint, "--key", "guess")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert run("stop", "--url", emulator.endpoint, "--key", "boss").returncode == 0


def test_a_reset_wants_a_yes_and_removes_what_there_is(empty: Running) -> None:
    for place in ("shop", "bakery"):
        empty.call("/users", {"userId": "ann"}, project=place)
    refused = tell(empty, "reset", "--project", "shop")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "say --yes" in refused.stderr
    done = tell(empty, "reset", "--project", "shop", "--yes")
    assert done.stdout.startswith("Removed what project shop of the emulator at http://127.0.")
    assert empty.call("/users/ann", project="shop")[0] == 404
    assert empty.call("/users/ann", project="bakery")[0] == 200
    told = json.loads(tell(empty, "reset", "--yes", "--json").stdout)
    assert (told["project"], told["ended"], told["leftovers"]["lines"]) == (None, [], [])
    assert empty.call("/users/ann", project="bakery")[0] == 404


@pytest.mark.parametrize(("answer", "status"), [("n", 200), ("y", 404)])
def test_at_a_terminal_a_reset_asks(answer: str, status: int, empty: Running) -> None:
    created, _ = empty.call("/users", {"userId": answer}, project="shop")
    assert created == 201
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"{answer}\n".encode())
    done = subprocess.run(
        [*COMMAND, "reset", "--url", empty.endpoint],
        env=environment(),
        stdin=terminal,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    os.close(terminal)
    os.close(keyboard)
    assert "holds 0 functions and 0 executions." in done.stdout
    assert "Remove all that every project holds? [y/N]" in done.stdout
    assert empty.call(f"/users/{answer}", project="shop")[0] == status


def test_the_address_of_a_website_is_told(open_shop: Running) -> None:
    done = tell(open_shop, "open", "hello", "/a?b=c", "--print")
    port = open_shop.endpoint.removesuffix("/v1").rpartition(":")[2]
    assert done.stdout == f"http://hello.functions.localhost:{port}/a?b=c\n"
    assert (done.returncode, done.stderr) == (0, "")
    bare = tell(open_shop, "open", "--print").stdout.strip()
    with urlopen(bare) as reply:
        assert json.load(reply)["project"] == "shop"
    wrong = tell(open_shop, "open", "helo", "--print")
    assert wrong.returncode == 2
    assert "Did you mean 'hello'?" in wrong.stderr


def test_a_website_without_visitors_is_told_of(open_shop: Running) -> None:
    done = tell(open_shop, "open", "closed", "--print")
    assert done.stderr == "! closed refuses visitors: add `any` or `guests` to its `execute`\n"


def test_a_browser_is_asked_to_show_it(open_shop: Running, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    browser = f"sh -c 'echo $0 > {seen}' %s"
    env = environment(APPWRITE_ENDPOINT=open_shop.endpoint, BROWSER=browser)
    done = run("open", "hello", env=env)
    assert done.returncode == 0
    assert seen.read_text() == done.stdout
