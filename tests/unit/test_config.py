"""Where options come from, which source wins, and what is told about values that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.config import (
    FILE_NAME,
    Config,
    ConfigError,
    Inspected,
    Key,
    Repository,
    Webhook,
)


def _load(
    folder: Path, text: str = "", environ: dict[str, str] | None = None, **given: Any
) -> Config:
    if text:
        (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return Config.load(folder, environ=environ or {}, **given)


def test_an_argument_wins_over_environment_file_and_default(tmp_path: Path) -> None:
    text, environ = "port = 1\nworkers = 1", {"APPWRITE_EMULATOR_PORT": "2"}
    assert _load(tmp_path, text, environ, port=3).port == 3
    assert _load(tmp_path, text, environ, port=None).port == 2
    assert _load(tmp_path, text).port == 1
    assert _load(tmp_path, text, environ).workers == 1
    assert Config().port == 9080


def test_texts_of_the_environment_become_values(tmp_path: Path) -> None:
    config = _load(
        tmp_path,
        environ={
            "APPWRITE_EMULATOR_MEMORY": "yes",
            "APPWRITE_EMULATOR_SYNC_TIMEOUT": "1.5",
            "APPWRITE_EMULATOR_HOSTS": "a b",
            "APPWRITE_EMULATOR_KEYS": "all some=users.read,teams.read",
            "APPWRITE_EMULATOR_RUNTIMES": "/r",
            "APPWRITE_EMULATOR_REPOSITORIES": "a/b=../c d/e.f=file:///g%20h",
            "APPWRITE_EMULATOR_WEBHOOKS": "users.*.create,teams.*=http://localhost:3000/a=b",
            "APPWRITE_EMULATOR_PROJECT": "",
            "OTHER_PORT": "5",
        },
    )
    assert config == Config(
        memory=True,
        sync_timeout=1.5,
        hosts=("a", "b"),
        keys=(Key("all"), Key("some", ("users.read", "teams.read"))),
        runtimes=(Path("/r"),),
        repositories=(
            Repository("a", "b", Path("../c")),
            Repository("d", "e.f", Path("/g h")),
        ),
        webhooks=(Webhook("http://localhost:3000/a=b", ("users.*.create", "teams.*")),),
    )


def test_paths_of_the_file_are_relative_to_it(tmp_path: Path) -> None:
    text = 'state = "data/state.json"\nruntimes = ["more"]\nkeys = [{secret = "s", project = "p"}]'
    config = _load(tmp_path, text)
    assert config.state == tmp_path / "data" / "state.json"
    assert config.runtimes == (tmp_path / "more",)
    assert config.keys == (Key("s", (), "p"),)


@pytest.mark.parametrize(
    "text",
    [
        'repositories = ["a/b=more", "c/d=file://localhost/e"]',
        '[repositories]\n"a/b" = "more"\n"c/d" = "/e"',
    ],
)
def test_repositories_are_a_list_or_a_table_of_the_file(tmp_path: Path, text: str) -> None:
    found = _load(tmp_path, text).repositories
    assert found == (Repository("a", "b", tmp_path / "more"), Repository("c", "d", Path("/e")))
    assert [each.id for each in found] == ["a/b", "c/d"]


def test_webhooks_are_texts_or_tables_of_the_file(tmp_path: Path) -> None:
    text = """
        webhooks = ["users.*=http://[::1]/", {url = "http://127.0.0.1:1/", events = ["teams.*"],
        name = "n", signature_key = "k", user = "u", password = "p", project = "q"}]
    """
    webhooks = _load(tmp_path, text.replace(",\n", ",")).webhooks
    assert webhooks == (
        Webhook("http://[::1]/", ("users.*",)),
        Webhook("http://127.0.0.1:1/", ("teams.*",), "n", "k", "u", "p", "q"),
    )


@pytest.mark.parametrize(
    ("webhook", "words"),
    [
        ("users.*", "a webhook is `EVENT[,EVENT...]=URL` or a table"),
        ("=http://localhost", "needs a tuple of events such as users.*.create, got ()"),
        ("users.*=", "project, signature_key, user, got 'users.*='"),
        ("users.*=", "a webhook is `EVENT[,EVENT...]=URL` or a table"),
        ("users.*=http://example.com/", "example.com is not this machine"),
        ("users.*=http://127.0.0.2/", "127.0.0.2 is not this machine"),
        ("users.*=http://localhost.example.com/", "is not this machine"),
        ("users.*=http://localhost@example.com/", "say user and password in a table"),
        ("users.*=https://localhost/", "give a URL like http://localhost:3000/hook"),
        ("users.*=localhost:3000", "give a URL like http://localhost:3000/hook"),
        ("users.*=http://localhost/ö", "give a URL like http://localhost:3000/hook"),
        ("users.*=http://localhost/a b", "give a URL like http://localhost:3000/hook"),
        ("users.*=http://localhost/#a", "give a URL like http://localhost:3000/hook"),
        ("users.*=http://localhost:0/", "give a URL like http://localhost:3000/hook"),
        ("users.*=http://localhost:99999/", "Port out of range"),
        ("users.*=http://[localhost/", "Invalid IPv6 URL"),
        ("users.*=http:///hook", "it is not this machine"),
        (5, "a webhook is `EVENT[,EVENT...]=URL` or a table"),
        ({"url": "http://localhost"}, "a webhook is `EVENT[,EVENT...]=URL` or a table"),
        ({"url": "http://localhost", "events": "users.*"}, "a list of `events`"),
        ({"url": "http://localhost", "events": [1]}, "needs a tuple of events"),
        ({"url": "http://localhost", "events": ["users.*"], "key": "k"}, "'key': 'k'"),
        ({"url": "http://localhost", "events": ["users.*"], "name": 1}, "has 1 as name"),
        ({"url": "http://localhost", "events": ["users.*"], "name": "a\nb"}, "of one line"),
        ({"url": "http://localhost", "events": ["users.*"], "user": "a:b"}, "which ends its name"),
        ({"url": 1, "events": ["users.*"]}, "cannot be told of events"),
    ],
)
def test_a_webhook_that_cannot_be_is_refused_with_the_reason(webhook: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Webhook.parse(webhook)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("repositories = ['a=b']", "'a=b' must be like appwrite/templates=../templates"),
        ("repositories = ['a/b']", "'a/b' must be like"),
        ("repositories = ['a/b=']", "'a/b=' must be like"),
        ("repositories = ['a/b/c=d']", "'a/b/c=d' must be like"),
        ("repositories = [1]", "'1' must be like"),
        ("repositories = ['a/b=https://x/y']", "does not lie on this machine"),
        ("repositories = ['a/b=git@x:y']", "does not lie on this machine"),
        ("repositories = ['a/b=file://x/y']", "does not lie on this machine"),
        ("repositories = ['a/b=c', 'A/b=d']", "repositories names a/b more than once"),
        ("prot = 1", "unknown option prot"),
        ("port = 'x'", "port is 'x', it must be a whole number"),
        ("sync_timeout = 'x'", "sync_timeout is 'x', it must be a number"),
        ("port = 70000", "port is 70000, it must be from 0 to 65535"),
        ("memory = 'perhaps'", "it must be true or false"),
        ("appwrite = '1.7'", "appwrite is '1.7', it must be one of 1.6, 1.9"),
        ("sandbox = 'maybe'", "it must be one of auto, require, off"),
        ("sync_timeout = 0", "sync_timeout is 0"),
        ("keys = [{scopes = []}]", "a table that has `secret`"),
        (
            "keys = ['a=functions.raed']",
            "which Appwrite does not have. Did you mean functions.read",
        ),
        ("hosts = ['Dev.example.com']", "hosts has 'Dev.example.com', it must be like"),
        ("origins = ['http://Dev.example']", "origins has 'http://Dev.example', it must be like"),
        ("keys = [{secret = 's', role = 'x'}]", "'role': 'x'"),
        ("memory = true\nstate = 'x'", "state and memory exclude each other"),
        ("port = ", FILE_NAME),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _load(tmp_path, text)
    assert words in str(caught.value)


def test_the_variable_that_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="APPWRITE_EMULATOR_PORT is 'x', it must be a whole"):
        _load(tmp_path, environ={"APPWRITE_EMULATOR_PORT": "x"})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"port": "9080"}, "port is '9080', it must be a number"),
        ({"hosts": ["http://a"]}, "hosts has 'http://a', it must be like"),
        ({"keys": "boss"}, "keys has 'boss', it must be a tuple like (Key.parse("),
        ({"keys": ("boss",)}, "keys has 'boss', it must be a tuple like (Key.parse("),
        ({"repositories": {"me/shop": "."}}, "it must be a tuple like (Repository.parse("),
        ({"webhooks": ["users.*=http://a"]}, "it must be a tuple like (Webhook.parse("),
    ],
)
def test_a_value_of_another_type_is_named(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Config(**options)
    assert words in str(caught.value)


def test_an_unknown_argument_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown option prot; there are host, port"):
        _load(tmp_path, prot=1)


@pytest.mark.parametrize(
    ("name", "meant"),
    [("PROT", "PORT"), ("KEY", "KEYS"), ("BUILDTIMEOUT", "BUILD_TIMEOUT"), ("WORKER", "WORKERS")],
)
def test_a_misspelt_variable_is_refused_with_the_near_ones(name: str, meant: str) -> None:
    words = f"variable APPWRITE_EMULATOR_{name}. Did you mean (.+ or )?APPWRITE_EMULATOR_{meant}"
    with pytest.raises(ConfigError, match=words):
        Config.load(environ={f"APPWRITE_EMULATOR_{name}": "1"})


def test_variables_of_others_are_left_to_them() -> None:
    names = (
        "APPWRITE_EMULATOR_SERVICE_HOST", "APPWRITE_EMULATOR_SERVICE_PORT",  # links of containers
        "APPWRITE_EMULATOR_PORT_9080_TCP", "APPWRITE_EMULATOR_PORT_9080_TCP_ADDR",
        "APPWRITE_EMULATOR_URL", "APPWRITE_EMULATOR_VERSION", "APPWRITE_EMULATORS",
    )  # fmt: skip
    assert Config.load(environ=dict.fromkeys(names, "tcp://10.0.0.1:9080")) == Config()


@pytest.mark.parametrize("text", ['["f", "g=9229"]', "{ f = 0, g = 9229 }", '"f g=9229"'])
def test_functions_to_inspect_are_listed_or_in_a_table(tmp_path: Path, text: str) -> None:
    config = _load(tmp_path, f"inspect = {text}".replace("f = 0, ", "f = 1, "))
    assert [each.function for each in config.inspect] == ["f", "g"]
    assert config.inspected("g") == Inspected("g", 9229)
    assert config.inspected("h") is None


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("f=0", "must be like postcard or postcard=9229"),
        ("f=65536", "with a port from 1 to 65535"),
        ("f=", "must be like postcard"),
        ("f=1,wait", "must be like postcard"),
        ("f g=1 f=2", "inspect names f more than once"),
        ("f=1 g=1", "inspect names 1 more than once"),
    ],
)
def test_what_cannot_be_inspected_is_refused(tmp_path: Path, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        _load(tmp_path, environ={"APPWRITE_EMULATOR_INSPECT": value})
