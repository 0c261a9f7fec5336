"""The official web SDK hears events, over real websockets, with the rules of a browser."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from appwrite_emulator import Emulator

from .environments import Environments, installed
from .programs import PROJECT, beside, checks, environment, run

# Fewer checks than these mean that steps of the script were left out.
WEB = {"16.1.0": 16, "27.0.0": 22}
NODE = ("node", "--experimental-websocket")

pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@pytest.mark.parametrize("version", WEB)
def test_people_hear_of_their_executions_with_the_web_sdk(
    emulator: Emulator, environments: Environments, archives: Path, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("appwrite", version))
    script = beside(modules, tmp_path) / "web" / "realtime.mjs"
    said = run([*NODE, str(script), str(archives)], emulator)
    assert checks(said, f"appwrite {version} for the web") >= WEB[version]


@pytest.mark.parametrize("version", WEB)
def test_a_page_listens_again_when_the_emulator_is_back(
    environments: Environments, tmp_path: Path, version: str
) -> None:
    modules = installed(lambda: environments.node("appwrite", version))
    script = beside(modules, tmp_path) / "web" / "reconnecting.mjs"
    with ExitStack() as stack:
        with Emulator(port=0) as first:
            port = int(first.endpoint.rpartition(":")[2].partition("/")[0])
            says = stack.enter_context(_page([*NODE, str(script)], first))
            assert next(says) == "listening 1"
            _fire(first, "before")
            assert next(says) == "heard before"
        with Emulator(port=port) as second:
            assert next(says) == "listening 2"
            _fire(second, "after")
            assert next(says) == "heard after"


@contextmanager
def _page(command: Sequence[str], emulator: Emulator) -> Iterator[Iterator[str]]:
    """The lines that a page says which stays open."""
    with subprocess.Popen(
        command, env=environment(emulator), stdout=subprocess.PIPE, text=True
    ) as page:
        assert page.stdout is not None
        yield map(str.rstrip, page.stdout)
        page.kill()


def _fire(emulator: Emulator, id: str) -> None:
    """Let everybody hear of an execution."""
    payload = {"$id": id, "$permissions": ['read("any")']}
    httpx2.post(
        f"{emulator.endpoint.removesuffix('/v1')}/_emulator/trigger/event",
        headers={"x-appwrite-key": emulator.key},
        json={
            "event": f"functions.f.executions.{id}.create",
            "payload": payload,
            "project": PROJECT,
        },
    ).raise_for_status()
