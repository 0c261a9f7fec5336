"""What a build's commands find around them: a clean environment plus the developer's network."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Self

from ..catalog import Launch
from ..manifest import Family

# For every tool: the way to registries, but nothing that says where things go, which we say.
_ALLOWED = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "*_CA_*", "*SSL_CERT_*")
_KEPT_OUT = ("*_CACHE", "*_CACHE_DIR", "*_PREFIX", "*_CACHE_*")
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_MAX_FILE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tools:
    """What the package managers of all languages need, as their manifests say it."""

    settings: tuple[str, ...] = ()
    kept_out: tuple[str, ...] = ()
    config_files: tuple[tuple[str, str], ...] = ()
    caches: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, families: Iterable[Family]) -> Self:
        """Those of all `families` together: a build may use the tools of several languages."""
        known = tuple(families)
        return cls(
            settings=tuple(text for each in known for text in each.build_settings),
            kept_out=tuple(text for each in known for text in each.build_settings_kept_out),
            config_files=tuple(pair for each in known for pair in each.build_config_files),
            caches=tuple(pair for each in known for pair in each.build_caches),
        )


def usable_settings(environ: Mapping[str, str], tools: Tools) -> dict[str, str]:
    """What of the developer's environment builds get: PATH, and how to reach registries.

    That is proxies, certificates and the settings of package managers, with the configuration
    files that these would find in the developer's home.
    """
    chosen = {name: value for name, value in environ.items() if _is_allowed(name, tools)}
    for name, places in tools.config_files:
        spellings = (environ.get(name), environ.get(name.lower()))
        found = next(filter(None, spellings), None) or _find(environ.get("HOME", ""), places)
        if found:
            chosen[name] = found
    return {"PATH": environ.get("PATH") or _DEFAULT_PATH, **chosen}


def _is_allowed(name: str, tools: Tools) -> bool:
    name = name.upper()
    return _matches(name, _ALLOWED + tools.settings) and not _matches(
        name, _KEPT_OUT + tools.kept_out
    )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _find(home: str, places: str) -> str:
    paths = (Path(home) / place for place in places.split())
    return next((str(path) for path in paths if home and path.is_file()), "")


def bring_files(settings: Mapping[str, str], home: Path) -> dict[str, str]:
    """`settings` with the files they name copied into `home`, where the build can read them."""
    copies: dict[str, str] = {}
    for value in settings.values():
        if value not in copies and _is_brought(value):
            folder = home / "settings" / str(len(copies))
            folder.mkdir(parents=True)
            copies[value] = str(shutil.copyfile(value, folder / Path(value).name))
    return {name: copies.get(value, value) for name, value in settings.items()}


def with_contents(settings: Mapping[str, str]) -> dict[str, str]:
    """`settings` with digests of the files that they name in place of their paths."""
    return {
        name: hashlib.sha256(Path(value).read_bytes()).hexdigest() if _is_brought(value) else value
        for name, value in settings.items()
    }


def _is_brought(value: str) -> bool:
    return value.startswith("/") and _is_small_file(value)


def _is_small_file(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.R_OK) and os.stat(path).st_size <= _MAX_FILE


def cache_folders(tools: Tools, caches: Path) -> dict[str, Path]:
    """The variables that name the download caches that builds share, below `caches`."""
    return {variable: caches / folder for variable, folder in tools.caches}


def build_environment(
    launch: Launch, code: Path, settings: Mapping[str, str], caches: Mapping[str, Path]
) -> dict[str, str]:
    """The environment for commands in the code root `code`, without the function's variables.

    The launcher's folders (`runtime-env/bin`) come first in PATH, then the interpreter's own.
    """
    first = [str(code / folder) for folder in launch.path]
    path = [*first, os.path.dirname(launch.interpreter), settings.get("PATH", _DEFAULT_PATH)]
    return {
        "LANG": "C.UTF-8",
        **settings,
        **{name: str(folder) for name, folder in caches.items()},
        **dict(launch.env),
        "PATH": os.pathsep.join(path),
    }


def activated(environment: Mapping[str, str], launch: Launch, code: Path) -> dict[str, str]:
    """`environment` with the virtual environment named that `launch.prepare` has made, if any."""
    homes = ((code / folder).parent for folder in launch.path)
    found = [str(home) for home in homes if (home / "pyvenv.cfg").is_file()]
    return {**environment, **({"VIRTUAL_ENV": found[0]} if found else {})}
