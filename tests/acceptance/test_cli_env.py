"""`appwrite-emulator env`, and what of the developer's environment functions see."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from .command import COMMAND, environment, project, run, source, started

SEEN = {
    "node-22": (
        "main.cjs",
        "module.exports = async ({ res }) => res.json({ run: process.env, build: "
        "require('fs').readFileSync(__dirname + '/built.txt', 'utf8') });\n",
    ),
    "python-3.12": (
        "main.py",
        "import os\nfrom pathlib import Path\n\n\ndef main(context):\n"
        "    built = (Path(__file__).parent / 'built.txt').read_text()\n"
        "    return context.res.json({'run': dict(os.environ), 'build': built})\n",
    ),
    "php-8.3": (
        "main.php",
        "<?php return fn ($context) => $context->res->json(['run' => getenv(), 'build' => "
        "file_get_contents(__DIR__ . '/built.txt')]);\n",
    ),
}
OURS = {
    "APPWRITE_API_KEY": "leaked",
    "APPWRITE_ENDPOINT": "https://leaked.example.org/v1",
    "APPWRITE_PROJECT_ID": "leaked",
    "AWS_SECRET_ACCESS_KEY": "leaked",
    "AWS_PROFILE": "leaked",
    "GITHUB_TOKEN": "leaked",
    "NPM_TOKEN": "leaked",
    "DATABASE_URL": "leaked",
    "NODE_OPTIONS": "--title=leaked",
    "NODE_PATH": "/leaked",
    "NODE_ENV": "leaked",
    "PYTHONSTARTUP": "/leaked",
    "PHP_INI_SCAN_DIR": ":/leaked",
    "SSH_AUTH_SOCK": "/leaked",
    "XDG_CONFIG_HOME": "/leaked",
}
PROXY = "http://127.0.0.1:9/proxied"
PROXIES = ("HTTP_PROXY", "https_proxy")
ASK = """
import json, os, sys
from urllib.request import ProxyHandler, Request, build_opener
headers = {"content-type": "application/json", "x-appwrite-key": os.environ["APPWRITE_API_KEY"],
           "x-appwrite-project": os.environ["APPWRITE_PROJECT_ID"]}
url = os.environ["APPWRITE_ENDPOINT"] + "/functions/spy/executions"
with build_opener(ProxyHandler({})).open(Request(url, b"{}", headers)) as reply:
    print(json.load(reply)["responseBody"])
"""


@pytest.mark.parametrize("runtime", SEEN)
def test_our_own_environment_reaches_no_function(reachable: Path, runtime: str) -> None:
    name, code = SEEN[runtime]
    source(reachable, f"spy/{name}", code)
    spy = {"$id": "spy", "runtime": runtime, "entrypoint": name, "commands": "env -0 > built.txt"}
    project(reachable, {**spy, "execute": ["any"]})
    done = subprocess.run(
        [*COMMAND, "exec", "--", sys.executable, "-c", ASK],
        cwd=reachable,
        env=environment(**OURS, **dict.fromkeys(PROXIES, PROXY)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    seen = json.loads(done.stdout)
    assert "leaked" not in done.stdout
    assert [key for key in seen["run"] if "proxy" in key.lower()] == []
    built = dict(line.split("=", 1) for line in seen["build"].split("\0") if line)
    assert {built.get(name) for name in PROXIES} == {PROXY}
    assert seen["run"]["APPWRITE_FUNCTION_ID"] == built["APPWRITE_FUNCTION_ID"] == "spy"


def test_the_variables_of_a_function_are_listed(reachable: Path) -> None:
    source(reachable, "hello/main.py", SEEN["python-3.12"][1])
    hello = {"$id": "hello", "runtime": "python-3.12", "entrypoint": "main.py"}
    project(reachable, {**hello, "vars": {"COLOUR": "red", "API_TOKEN": "abc", "TEXT": "a\nb"}})
    with started(str(reachable), "--memory") as emulator:
        address = ("--url", emulator.endpoint)
        listed = run("env", "hello", *address).stdout.splitlines()
        shown = json.loads(run("env", "hello", "--values", "--json", *address).stdout)
        refused = run("env", "helo", *address)
    rows = {line.split()[0]: line for line in listed}
    assert [line.split()[0] for line in listed[:3]] == ["API_TOKEN", "COLOUR", "TEXT"]
    assert rows["COLOUR"].endswith("red")
    assert listed[-1] == "and 12 of Appwrite's that are empty"
    assert rows["API_TOKEN"].endswith("(secret, --values shows it)")
    assert rows["TEXT"].endswith("'a\\nb'")
    assert rows["APPWRITE_FUNCTION_ID"].split()[1:] == ["Appwrite", "hello"]
    assert {"key": "API_TOKEN", "value": "abc"}.items() <= next(
        row.items() for row in shown["variables"] if row["key"] == "API_TOKEN"
    )
    assert refused.returncode == 2
    assert "Did you mean hello?" in refused.stderr
