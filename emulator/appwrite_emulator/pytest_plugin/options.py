"""Options: what the command line and the settings file of pytest say about the emulator."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from .rewriting import spare

_MARKERS = (
    "appwrite(functions=, seed=, clock=, strict=, fresh=, timeout=): how the test that uses the "
    "fixture `appwrite` begins: with further functions, with the rows of a seed, at a moment of "
    "time, with new processes; strict=False lets functions fail.",
    "requires_runtime(name, ...): skip the test where a language such as node, or a runtime such "
    "as node-22, cannot be run.",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; each `--option` is for one run, each ini key for a project."""
    group = parser.getgroup("appwrite", "Appwrite functions (fixture `appwrite`)")
    group.addoption(
        "--appwrite-logs",
        action="store_true",
        help="show what functions were asked and what they logged after each test, not only after "
        "those that fail",
    )
    group.addoption(
        "--appwrite-keep",
        nargs="?",
        const="",
        metavar="DIR",
        help="keep the state of each failed test as a file that `appwrite-emulator state import` "
        "takes, in --appwrite-keep=DIR (default: in pytest's cache folder); the report says how "
        "to look into it",
    )
    group.addoption(
        "--appwrite-require-runtimes",
        metavar="NAMES",
        help="languages or runtimes, such as node,php-8.4: tests marked requires_runtime fail "
        "where these are missing, instead of being skipped",
    )
    _add_keys(parser)


def _add_keys(parser: pytest.Parser) -> None:
    parser.addini(
        "appwrite_directory",
        "folder of the project whose functions are tested: that of appwrite.config.json, a folder "
        "of functions, or one function (default: the root folder of the tests)",
        default="",
    )
    parser.addini(
        "appwrite_timeout",
        "seconds that waiting for functions and builds may take in a test (default: 30)",
        default="",
    )
    parser.addini(
        "appwrite_strict",
        "whether functions that fail unexpectedly fail their test (default: true)",
        type="bool",
        default=True,
    )
    parser.addini(
        "appwrite_required_runtimes",
        "languages or runtimes that must not be missing, as --appwrite-require-runtimes",
        type="args",
        default=[],
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; make ready what the options ask for."""
    spare(config)
    for line in _MARKERS:
        config.addinivalue_line("markers", line)
    if config.getoption("appwrite_logs"):
        from .shown import Shown

        config.pluginmanager.register(Shown(config), "appwrite-shown")
    if config.getoption("appwrite_keep") is not None:
        from .keeping import folder

        folder(config)


def directory(config: pytest.Config) -> Path:
    """The folder of the project. Fails the test that asks when it is not there."""
    given: str = config.getini("appwrite_directory")
    base = config.inipath.parent if config.inipath else config.rootpath
    path = base / given if given else config.rootpath
    if not path.is_dir():
        refuse(
            f"appwrite_directory is {given!r}, and {path} is no folder. Mend it in the ini file."
        )
    return path


def defaults(config: pytest.Config) -> dict[str, Any]:
    """The terms of tests whose markers say nothing."""
    given: str = config.getini("appwrite_timeout")
    timeout = {"timeout": _seconds(given)} if given else {}
    return {"strict": config.getini("appwrite_strict"), **timeout}


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if (number := float(text)) > 0:
            return number
    refuse(f"appwrite_timeout is {text!r}, it must be a number of seconds above 0.")


def required_runtimes(config: pytest.Config) -> list[str]:
    """The languages and runtimes without which tests fail."""
    given: str | None = config.getoption("appwrite_require_runtimes")
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip()]
    listed: list[str] = config.getini("appwrite_required_runtimes")
    return listed


def refuse(reason: str) -> NoReturn:
    """Fail the test that is being set up, with no traceback: its author or the options err."""
    __tracebackhide__ = True
    pytest.fail(reason, pytrace=False)
