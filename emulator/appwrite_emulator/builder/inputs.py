"""Inputs: all that decides what the commands of a build make, as one key."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import urlsplit

from ..execution.context import PASSING
from . import folders
from .record import Record
from .request import BuildRequest

_FORMAT = 1  # of what is kept: to be raised whenever equal inputs are to be built anew
_Owner = tuple[int, int] | None


def key(request: BuildRequest, settings: Mapping[str, str], owner: _Owner) -> str | None:
    """A name for all builds that come to the same; None when that cannot be known. Blocking.

    `settings` are the developer's own that the commands see, with contents in place of files, and
    `owner` is whom functions run as. Programs are known by where they really lie, because some
    tools give each shell a PATH of its own. A build goes only where its path is as long as it was:
    then it can be named in binaries too.
    """
    content = _content(request)
    if content is None:
        return None
    launch = request.launch
    parts = {
        "format": _FORMAT,
        "content": content,
        "asked": [request.entrypoint, request.commands, request.era, request.max_size],
        "runtime": [launch.runtime, launch.version, os.path.realpath(launch.interpreter)],
        "launch": [launch.prepare, launch.path, launch.env],
        "variables": {name: request.env[name] for name in request.env if name not in PASSING},
        "settings": {name: settings[name] for name in settings if name != "PATH"},
        "programs": [*map(os.path.realpath, settings.get("PATH", "").split(os.pathsep))],
        "machine": [*_machine(), owner],
        "length": len(os.fsencode(folders.code_root(request.folder))),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _content(request: BuildRequest) -> str | None:
    """What lies in the code root when the commands begin.

    What an earlier build left there depends on more than this one's inputs.
    """
    if request.archive is not None:
        with request.archive.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    record = Record.read(request.folder)
    if record is None or record.beside is None:
        return None
    sources = {path: (each.digest, each.program) for path, each in record.sources.items()}
    return json.dumps([sources, record.beside], sort_keys=True)


def _machine() -> list[str]:
    """What programs are compiled for: a folder may be shared with another system."""
    system = os.uname()
    library: str | None = None
    with suppress(ValueError):  # not with every C library
        library = os.confstr("CS_GNU_LIBC_VERSION")
    return [system.sysname, system.machine, library or ""]


def passing(request: BuildRequest) -> list[str]:
    """What the commands are told that will be different the next time."""
    told = {name: request.env[name] for name in PASSING if request.env.get(name)}
    endpoint = urlsplit(told.pop("APPWRITE_FUNCTION_API_ENDPOINT", "")).netloc
    return [endpoint, *told.values()] if endpoint else [*told.values()]
