"""The official CLI beside `start`: what it pushes stays until a save, what it pulls is a save."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.acceptance.command import Running, started, wait_for_line

from .cli import FUNCTION, PROJECT, SOURCE, Cli

PUSH = ("push", "functions", "--function-id", "hello", "--force")
PUSHED = "what was pushed answers now, until the next save in its folder"
pytestmark = [pytest.mark.clients, pytest.mark.timeout(400)]


@dataclass
class Followed:
    """`start` over the folder of the project, and the CLI that speaks to it."""

    running: Running
    cli: Cli

    def answer(self) -> str:
        execution = self.running.execute("hello", project=PROJECT)
        return str(execution["responseBody"]).partition(":")[0]

    def timeout(self) -> int:
        return int(self.running.call("/functions/hello", project=PROJECT)[1]["timeout"])

    def deployments(self) -> int:
        path = "/functions/hello/deployments"
        return int(self.running.call(path, project=PROJECT)[1]["total"])

    def push(self, *more: str, inside: Path | None = None) -> None:
        """Push, and see that the terminal says so."""
        assert "Successfully pushed 1 functions." in self.cli.told(*PUSH, *more, inside=inside)
        wait_for_line(self.running.process, PUSHED)

    def elsewhere(self, word: str) -> Path:
        """Another clone of the project, with other code and another timeout."""
        clone = self.cli.folder.parent / "clone"
        code = clone / "functions" / "hello"
        code.mkdir(parents=True, exist_ok=True)
        (code / "main.js").write_text(SOURCE.replace("hello ", f"{word} "), encoding="utf-8")
        file = {"projectId": PROJECT, "functions": [{**FUNCTION, "timeout": 33}]}
        (clone / self.cli.project_file).write_text(json.dumps(file), encoding="utf-8")
        return clone


@pytest.fixture
def followed(cli: Cli) -> Iterator[Followed]:
    cli.folder.parent.chmod(0o755)
    with started(str(cli.folder), "--memory") as running:
        to = ("--endpoint", running.endpoint, "--project-id", PROJECT, "--key", "local")
        assert "Success: Setting client" in cli.told("client", *to)
        yield Followed(running, cli)


def test_what_is_pushed_stays_until_a_save(followed: Followed) -> None:
    followed.push(inside=followed.elsewhere("pushed"))
    assert (followed.answer(), followed.timeout()) == ("pushed world", 33)
    main = followed.cli.code / "main.js"
    main.touch()
    assert followed.answer() == "pushed world"
    main.write_text(SOURCE.replace("hello ", "saved "), encoding="utf-8")
    assert followed.answer() == "saved world"
    wait_for_line(followed.running.process, "in place of what was pushed")
    followed.push()
    count = followed.deployments()
    assert followed.answer() == "saved world"
    assert followed.deployments() == count


def test_what_is_pulled_is_taken_in_once(followed: Followed) -> None:
    cli = followed.cli
    followed.push(inside=followed.elsewhere("pushed"))
    assert "Successfully pulled 1 functions." in cli.told("pull", "functions", "--all", "--force")
    text = (cli.folder / cli.project_file).read_text(encoding="utf-8")
    (entry,) = json.loads(text)["functions"]
    assert entry == {**FUNCTION, "timeout": 33}
    assert (followed.answer(), followed.timeout()) == ("pushed world", 33)
    count = followed.deployments()
    assert followed.answer() == "pushed world"
    assert followed.deployments() == count
