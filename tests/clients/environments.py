"""Environments with one official SDK each, made on demand and kept between runs."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

_PATIENCE = 240  # seconds for one package manager
_READY = "installed"


class NotInstalled(Exception):
    """An SDK could not be had from its registry; the text says what the package manager said."""


def installed(install: Callable[[], Path]) -> Path:
    """What `install` makes; a test that cannot have its SDK fails."""
    try:
        return install()
    except NotInstalled as exc:
        pytest.fail(f"The SDK could not be installed from its registry. {exc}", pytrace=False)


class Environments:
    """The SDKs below one folder; several test processes may share it.

    An environment is made where it stays, because virtual environments cannot be moved, and
    counts as there once its last file is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def python(self, package: str, version: str) -> Path:
        """The interpreter of a virtual environment with `package` from PyPI."""
        python = "{}.{}".format(*sys.version_info)
        with self._made(f"{package}-{version}-python-{python}") as (folder, is_new):
            interpreter = folder / "bin" / "python"
            if is_new:
                # pip works on it from outside: a venv with a pip of its own takes seconds more.
                _run([sys.executable, "-m", "venv", "--without-pip", str(folder)])
                pip = [sys.executable, "-m", "pip", "--python", str(interpreter), "--no-input"]
                _run([*pip, "install", "--quiet", f"{package}=={version}"])
        return interpreter

    def node(self, package: str, version: str) -> Path:
        """A `node_modules` folder with `package` from npm."""
        with self._made(f"{package}-{version}-node") as (folder, is_new):
            if is_new:
                options = ["--no-audit", "--no-fund", "--prefix", str(folder)]
                _run(["npm", "install", *options, f"{package}@{version}"])
        return folder / "node_modules"

    @contextmanager
    def _made(self, name: str) -> Iterator[tuple[Path, bool]]:
        """The environment's folder, and whether it is empty and must be filled now."""
        folder = self._folder / name
        with self._lock(name):
            is_new = not (folder / _READY).exists()
            if is_new:
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir(parents=True)
            yield folder, is_new
            (folder / _READY).touch()

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _run(command: Sequence[str]) -> None:
    """Raises NotInstalled with the end of what the command said."""
    env = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "0"}
    try:
        done = subprocess.run(
            command, env=env, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        raise NotInstalled(f"{' '.join(command)}\n{exc}") from exc
    if done.returncode:
        raise NotInstalled(f"{' '.join(command)}\n{(done.stderr or done.stdout)[-2000:]}")
