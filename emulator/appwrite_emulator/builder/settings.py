"""What a build's commands find around them: a clean environment plus the developer's network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from ..catalog import Launch

_ALLOWED = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "*_CA_*",
    "*SSL_CERT_*",
    "NODE_EXTRA_CA_CERTS",
    "PIP_*",
    "NPM_CONFIG_*",
    "UV_*",
)
# These say where things go, which is ours to say, or are what npm tells its own children.
_NOT_ALLOWED = (
    "*_CACHE",
    "*_CACHE_DIR",
    "*_PREFIX",
    "*_CACHE_*",
    "NPM_CONFIG_GLOBAL*",
    "NPM_CONFIG_INIT*",
    "NPM_CONFIG_NODE_GYP",
    "NPM_CONFIG_USER_AGENT",
    "NPM_CONFIG_USERCONFIG",
    "PIP_CONFIG_FILE",
    "PIP_PYTHON",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_ROOT",
    "PIP_TARGET",
    "PIP_USER",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON*",
    "UV_SYSTEM_PYTHON",
    "UV_TOOL_*",
)
_CONFIG_FILES = {
    "PIP_CONFIG_FILE": (".config/pip/pip.conf", ".pip/pip.conf"),
    "NPM_CONFIG_USERCONFIG": (".npmrc",),
}
_CACHES = {"npm_config_cache": "npm", "PIP_CACHE_DIR": "pip", "UV_CACHE_DIR": "uv"}
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MAX_FILE = 8 * 1024 * 1024


def usable_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What of the developer's environment builds get: PATH, and how to reach registries.

    That is proxies, certificates and the settings of pip, npm and uv, with the configuration
    files these two would find in the developer's home.
    """
    chosen = {name: value for name, value in environ.items() if _is_allowed(name)}
    for name, places in _CONFIG_FILES.items():
        spellings = (environ.get(name), environ.get(name.lower()))
        found = next(filter(None, spellings), None) or _find(environ.get("HOME", ""), places)
        if found:
            chosen[name] = found
    return {"PATH": environ.get("PATH") or _DEFAULT_PATH, **chosen}


def _is_allowed(name: str) -> bool:
    name = name.upper()
    return any(fnmatchcase(name, pattern) for pattern in _ALLOWED) and not any(
        fnmatchcase(name, pattern) for pattern in _NOT_ALLOWED
    )


def _find(home: str, places: tuple[str, ...]) -> str:
    paths = (Path(home) / place for place in places)
    return next((str(path) for path in paths if home and path.is_file()), "")


def bring_files(settings: Mapping[str, str], home: Path) -> dict[str, str]:
    """`settings` with the files they name copied into `home`, where the build can read them."""
    copies: dict[str, str] = {}
    for value in settings.values():
        if value.startswith("/") and value not in copies and _is_small_file(value):
            folder = home / "settings" / str(len(copies))
            folder.mkdir(parents=True)
            copies[value] = str(shutil.copyfile(value, folder / Path(value).name))
    return {name: copies.get(value, value) for name, value in settings.items()}


def _is_small_file(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.R_OK) and os.stat(path).st_size <= _MAX_FILE


def cache_folders(caches: Path) -> dict[str, Path]:
    """The variables that name the download caches that builds share, below `caches`."""
    return {variable: caches / folder for variable, folder in _CACHES.items()}


def build_environment(
    launch: Launch, code: Path, settings: Mapping[str, str], caches: Path
) -> dict[str, str]:
    """The environment for commands in the code root `code`, without the function's variables.

    The launcher's folders (`runtime-env/bin`) come first in PATH, then the interpreter's own.
    """
    first = [str(code / folder) for folder in launch.path]
    path = [*first, os.path.dirname(launch.interpreter), settings.get("PATH", _DEFAULT_PATH)]
    return {
        "LANG": "C.UTF-8",
        **settings,
        **{name: str(folder) for name, folder in cache_folders(caches).items()},
        **dict(launch.env),
        "PATH": os.pathsep.join(path),
        "CI": "true",
    }


def activated(environment: Mapping[str, str], launch: Launch, code: Path) -> dict[str, str]:
    """`environment` with the virtual environment named that `launch.prepare` has made, if any."""
    homes = ((code / folder).parent for folder in launch.path)
    found = [str(home) for home in homes if (home / "pyvenv.cfg").is_file()]
    return {**environment, **({"VIRTUAL_ENV": found[0]} if found else {})}
