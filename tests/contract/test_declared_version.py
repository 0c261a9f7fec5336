"""A function is told of the runtime it declared, whatever version this machine runs it with."""

from __future__ import annotations

import json

import pytest

from .server import Project

PYTHON = """
import os


def main(context):
    kind = "APPWRITE_FUNCTION_RUNTIME_"
    return context.res.json([os.environ[kind + "NAME"], os.environ[kind + "VERSION"]])
"""
NODE = """
module.exports = async ({ res }) => {
  const kind = "APPWRITE_FUNCTION_RUNTIME_";
  return res.json([process.env[`${kind}NAME`], process.env[`${kind}VERSION`]]);
};
"""


@pytest.mark.parametrize(
    ("runtime", "file", "source", "told"),
    [
        ("node-16.0", "index.js", NODE, ["Node.js", "16.0"]),
        ("node-21.0", "index.js", NODE, ["Node.js", "21.0"]),
        ("python-3.8", "main.py", PYTHON, ["Python", "3.8"]),
        ("python-3.10", "main.py", PYTHON, ["Python", "3.10"]),
    ],
)
def test_the_environment_has_the_declared_version(
    either: Project, runtime: str, file: str, source: str, told: list[str]
) -> None:
    either.function(runtime=runtime, entrypoint=file)
    either.deploy("f", {file: source})
    assert json.loads(either.execute("f")["responseBody"]) == told


def test_the_build_has_the_declared_version(project: Project) -> None:
    project.function(runtime="node-16.0", entrypoint="index.js")
    commands = 'echo "told of $APPWRITE_FUNCTION_RUNTIME_VERSION."'
    built = project.deploy("f", {"index.js": NODE}, commands=commands)
    assert "told of 16.0." in built["buildLogs"]
