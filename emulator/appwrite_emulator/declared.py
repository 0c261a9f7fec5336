"""What options declare: keys, repositories, webhooks, functions to inspect."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit


class ConfigError(ValueError):
    """An option has a value that cannot be used; the text names option, value and source."""


@cache
def scope_names() -> tuple[str, ...]:
    """The scopes a key or a function can have, of both eras."""
    path = Path(__file__).parent / "data" / "scopes.json"
    return tuple(json.loads(path.read_text(encoding="utf-8"))["scopes"])


@dataclass(frozen=True, slots=True)
class Key:
    """An API key that is known: its secret, what it may do and in which project.

    `scopes` empty means all scopes; `project` empty means any project.
    """

    secret: str
    scopes: tuple[str, ...] = ()
    project: str = ""

    def __post_init__(self) -> None:
        for scope in self.scopes:
            if scope not in scope_names():
                near = difflib.get_close_matches(scope, scope_names(), n=3) or scope_names()
                raise ConfigError(
                    f"the key {self.secret!r} has the scope {scope!r}, which Appwrite does not "
                    f"have. Did you mean {' or '.join(near)}?"
                )

    @classmethod
    def parse(cls, value: str | Mapping[str, Any]) -> Key:
        """A key from `SECRET`, `SECRET=scope,scope` or a table of a configuration file."""
        if isinstance(value, str):
            secret, mark, scopes = value.partition("=")
            if mark and not scopes.strip(","):
                raise ConfigError(
                    f"the key {value!r} names no scopes: name some after the `=`, or leave it out "
                    "for a key that may do everything"
                )
            value = {"secret": secret, "scopes": [s for s in scopes.split(",") if s]}
        unknown = set(value) - {"secret", "scopes", "project"}
        if unknown or not value.get("secret"):
            raise ConfigError(
                f"a key is `SECRET`, `SECRET=SCOPE,SCOPE...` or a table that has `secret` and may "
                f"have `scopes` and `project`, got {dict(value)!r}"
            )
        return cls(
            str(value["secret"]), tuple(value.get("scopes", ())), str(value.get("project", ""))
        )


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder of this machine that stands for a repository of a version control provider."""

    owner: str
    name: str
    path: Path

    @property
    def id(self) -> str:
        """What clients call it by, as `providerRepositoryId`."""
        return f"{self.owner}/{self.name}"

    @classmethod
    def parse(cls, text: str, base: Path = Path()) -> Repository:
        """A repository from `OWNER/NAME=FOLDER`; the folder, or its file:// URL, from `base`."""
        match = re.fullmatch(r"([^\s/=]+)/([^\s/=]+)=(.+)", text, re.DOTALL)
        if match is None:
            raise ConfigError(
                f"the repository {text!r} must be like appwrite/templates=../templates"
            )
        return cls(match[1], match[2], base / _local_path(match[3], text))


def _local_path(place: str, text: str) -> str:
    if not re.match(r"[^/]*:", place):  # as git tells addresses from paths
        return place
    url = urlsplit(place)
    if url.scheme != "file" or url.netloc not in ("", "localhost") or url.path[:1] != "/":
        raise ConfigError(
            f"the repository {text!r} does not lie on this machine: give a folder or a URL like "
            "file:///home/me/templates; clone what lies elsewhere"
        )
    return unquote(url.path)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A place on this machine that is told of events.

    `events` are names such as `users.*.create`, of which an event has several. Without a
    `signature_key` one is made at each start. `user` and `password` are sent as basic
    authentication, if both are there. `project` empty means any project.
    """

    url: str
    events: tuple[str, ...]
    name: str = ""
    signature_key: str = ""
    user: str = ""
    password: str = ""
    project: str = ""

    def __post_init__(self) -> None:
        _refuse_elsewhere(self.url)
        is_list = isinstance(self.events, tuple) and all(isinstance(e, str) for e in self.events)
        if not (is_list and self.events):
            raise ConfigError(
                f"the webhook {self.url} needs a tuple of events such as users.*.create, got "
                f"{self.events!r}"
            )
        for spec in fields(self)[2:]:
            value = getattr(self, spec.name)
            if not isinstance(value, str) or not re.fullmatch(r"[^\x00-\x1f\x7f]{0,256}", value):
                raise ConfigError(
                    f"the webhook {self.url} has {value!r} as {spec.name}, which must be a text "
                    "of one line and at most 256 letters"
                )
        if ":" in self.user:
            raise ConfigError(f"the webhook {self.url} has a user with a `:`, which ends its name")

    @property
    def place(self) -> SplitResult:
        """The parts of its URL."""
        return urlsplit(self.url)

    @classmethod
    def parse(cls, value: str | Mapping[str, Any]) -> Webhook:
        """A webhook from `EVENT[,EVENT...]=URL` or a table of a configuration file."""
        given = value
        if isinstance(value, str):
            events, _, url = value.partition("=")
            value = {"url": url, "events": [event for event in events.split(",") if event]}
        known = {spec.name for spec in fields(cls)}
        listed = value.get("events") if isinstance(value, Mapping) else None
        if not isinstance(listed, list) or set(value) - known or not value.get("url"):
            raise ConfigError(
                f"a webhook is `EVENT[,EVENT...]=URL` or a table that has `url` and a list of "
                f"`events` and may have {', '.join(sorted(known - {'url', 'events'}))}, "
                f"got {given!r}"
            )
        return cls(**{**value, "events": tuple(listed)})


@dataclass(frozen=True, slots=True)
class Inspected:
    """A function that runs under a debugger, which attaches at `port`; 0 is a free one."""

    function: str
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Inspected:
        """A function to inspect from `FUNCTION` or `FUNCTION=PORT`."""
        match = re.fullmatch(r"([A-Za-z0-9][A-Za-z0-9._-]{0,35})(?:=([0-9]{1,5}))?", text)
        if match is None or int(match[2] or 1) not in range(1, 65536):
            raise ConfigError(
                f"the function to inspect {text!r} must be like postcard or postcard=9229, with a "
                "port from 1 to 65535"
            )
        return cls(match[1], int(match[2] or 0))


_HERE = ("127.0.0.1", "::1", "localhost")


def _refuse_elsewhere(url: str) -> None:
    """Raise ConfigError unless `url` is plain HTTP to a server of this machine."""
    refused = f"the webhook {url!r} cannot be told of events"
    try:
        place = urlsplit(url)
        host, port = place.hostname or "", place.port
    except (ValueError, AttributeError, TypeError) as exc:
        raise ConfigError(f"{refused}: {exc}") from exc
    if place.scheme != "http" or not re.fullmatch(r"[!-~]+", url) or port == 0 or place.fragment:
        raise ConfigError(f"{refused}: give a URL like http://localhost:3000/hook")
    if place.username is not None:
        raise ConfigError(f"{refused}: say user and password in a table of the configuration file")
    if host not in _HERE and not host.endswith(".localhost"):
        raise ConfigError(
            f"{refused}: {host or 'it'} is not this machine. What happens here is told to "
            "127.0.0.1, [::1], localhost and names below it only"
        )
