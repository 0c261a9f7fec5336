"""What the shells complete with the scripts of `appwrite-emulator completion`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .command import NODE, SOURCE_ROOT, Running, environment, project, run, source, started

pytestmark = pytest.mark.timeout(60)

SHELLS = [name for name in ("bash", "zsh", "fish") if shutil.which(name)]
ASKING = {
    "bash": """
        eval "$(appwrite-emulator completion bash)"
        COMP_WORDS=({words}) COMP_CWORD={last}
        _appwrite_emulator_completion appwrite-emulator
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """,
    "zsh": """
        compdef() {{ [[ "$*" == "_appwrite_emulator_completion appwrite-emulator" ]] }}
        eval "$(appwrite-emulator completion zsh)" || print -u2 "not registered"
        compadd() {{ print -l -- $completions }}
        _describe() {{ print -l -- ${{completions_with_descriptions%%:*}} }}
        words=({words}) CURRENT={last}+1
        _appwrite_emulator_completion
    """,
    "fish": """
        appwrite-emulator completion fish | source
        complete -C '{line}'
    """,
}


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the command, as an installation would put it on the path."""
    folder = tmp_path_factory.mktemp("bin")
    program = folder / "appwrite-emulator"
    program.write_text(
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(SOURCE_ROOT)!r})\n"
        "from appwrite_emulator.cli import main\nmain()\n"
    )
    program.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("shop")
    settings = {"runtime": "node-22", "entrypoint": "main.mjs"}
    project(folder, *({"$id": id, **settings} for id in ("orders", "orders-2", "postcard")))
    for name in ("orders", "orders-2", "postcard"):
        source(folder, f"{name}/main.mjs", NODE)
    with started(str(folder), "--memory") as running:
        yield running


def completed(shell: str, command: Path, line: str, **extra: str) -> list[str]:
    """What `shell` offers at the end of `line`, whose last word may be empty."""
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    script = ASKING[shell].format(words=quoted, last=len(words) - 1, line=line)
    options = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}[shell]
    env = environment(**extra)
    done = subprocess.run(
        [shell, *options, "-c", script],
        env={**env, "PATH": f"{command}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr == ""
    return [line.partition("\t")[0] for line in done.stdout.split("\n") if line]


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_options_and_ids_are_completed(
    shell: str, command: Path, emulator: Running
) -> None:
    where = {"APPWRITE_ENDPOINT": emulator.endpoint}
    assert completed(shell, command, "appwrite-emulator cal") == ["call"]
    assert completed(shell, command, "appwrite-emulator call --gu") == ["--guest"]
    assert completed(shell, command, "appwrite-emulator call -X PA") == ["PATCH"]
    ids = completed(shell, command, "appwrite-emulator call ord", **where)
    assert ids == ["orders", "orders-2"]
    scheduled = completed(shell, command, "appwrite-emulator trigger schedule po", **where)
    assert scheduled == ["postcard"]


def test_without_an_emulator_the_project_file_knows(command: Path, tmp_path: Path) -> None:
    source(tmp_path, "hello/main.mjs", NODE)
    project(tmp_path, {"$id": "hello", "runtime": "node-22", "entrypoint": "main.mjs"})
    nowhere = "http://127.0.0.1:1"
    line = f"appwrite-emulator call --dir {tmp_path} --url {nowhere} h"
    assert completed("bash", command, line) == ["hello"]
    assert completed("bash", command, f"appwrite-emulator deploy --dir {tmp_path} h") == ["hello"]


def test_what_goes_wrong_is_not_said_at_the_prompt(command: Path, tmp_path: Path) -> None:
    (tmp_path / "appwrite.config.json").write_text("{")
    assert completed("bash", command, f"appwrite-emulator call --dir {tmp_path} h") == []
    assert completed("bash", command, "appwrite-emulator call --url nonsense h") == []


def test_other_shells_are_refused() -> None:
    done = run("completion", "tcsh")
    assert (done.returncode, done.stdout) == (2, "")
    assert "'bash', 'zsh', 'fish'" in done.stderr
