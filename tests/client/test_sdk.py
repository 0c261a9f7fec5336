"""Clients of the official SDK are set up as each of its versions wants it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from appwrite_emulator import Appwrite
from appwrite_emulator.client.sdk import SdkMissing
from appwrite_emulator.declared import ConfigError

FIRST = """
class Client:
    def __init__(self):
        self.said = {}

    def set_endpoint(self, value):
        self.said["endpoint"] = value
        return self

    def set_project(self, value):
        self.said["project"] = value
        return self

    def set_key(self, value):
        self.said["key"] = value
        return self

    def set_jwt(self, value):
        self.said["jwt"] = value
        return self
"""
NOW = f"""{FIRST}
    def set_session(self, value):
        self.said["session"] = value
        return self
"""


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose packages are found before all others; there is no `appwrite` yet."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "appwrite"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def install(packages: Path, client: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `client` the text of `appwrite.client`."""
    (packages / "appwrite").mkdir()
    (packages / "appwrite" / "__init__.py").touch()
    (packages / "appwrite" / "client.py").write_text(client)
    for name in ("appwrite", "appwrite.client"):
        monkeypatch.setitem(sys.modules, name, sys)  # so that what is imported now goes again
        del sys.modules[name]


def test_clients_know_where_and_as_whom(
    appwrite: Appwrite, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(packages, NOW, monkeypatch)
    place = {"endpoint": appwrite.endpoint, "project": appwrite.project}

    assert appwrite.guest().said == place
    assert appwrite.server().said == {**place, "key": appwrite.key}
    ann = appwrite.client("ann", labels=["vip"], teams=["staff"], name="Ann")
    assert ann.said == {**place, "session": appwrite.session("ann")}
    assert (appwrite.user("ann").name, appwrite.user("ann").labels) == ("Ann", ("vip",))


def test_an_sdk_without_sessions_gets_a_token(
    appwrite: Appwrite, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(packages, FIRST, monkeypatch)

    said = appwrite.client(user="ann").said

    assert set(said) == {"endpoint", "project", "jwt"}
    headers = {"x-appwrite-project": said["project"], "x-appwrite-jwt": said["jwt"]}
    reply = appwrite._stage.api.send("GET", "/account", b"", headers)
    assert reply.json()["$id"] == "ann"


def test_a_server_has_the_scopes_that_it_is_given(
    appwrite: Appwrite, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(packages, NOW, monkeypatch)

    key = appwrite.server(scopes=["functions.read"]).said["key"]

    api, headers = appwrite._stage.api, {**appwrite.headers(guest=True), "x-appwrite-key": key}
    assert api.send("GET", "/functions", b"", headers).json()["total"] == 2
    users = api.exchange("GET", "/v1/users", b"", headers)
    assert (users.status_code, users.json()["type"]) == (401, "general_unauthorized_scope")
    with pytest.raises(ConfigError, match=r"scope 'function\.read'.*Did you mean functions\.read"):
        appwrite.server(scopes=["function.read"])
    with pytest.raises(TypeError, match=r"scopes is 'users\.read', it must be a list"):
        appwrite.server(scopes="users.read")


def test_an_sdk_that_is_missing_is_said_with_what_helps(
    appwrite: Appwrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "appwrite", None)

    for ask in (appwrite.guest, appwrite.server, lambda: appwrite.client("ann")):
        with pytest.raises(SdkMissing, match=r"not installed\. Run `pip install appwrite`, or"):
            ask()
    with pytest.raises(ImportError):
        appwrite.guest()


@pytest.mark.parametrize("kind", ["folder", "package", "module"])
def test_something_else_of_that_name_is_told(
    appwrite: Appwrite, packages: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    install(packages, "", monkeypatch)
    if kind != "module":
        (packages / "appwrite" / "client.py").unlink()
    if kind == "folder":
        (packages / "appwrite" / "__init__.py").unlink()

    with pytest.raises(SdkMissing, match=re.escape(f"at {packages / 'appwrite'}")) as caught:
        appwrite.guest()
    assert "is not the official SDK. Rename it if it is yours" in str(caught.value)


def test_an_sdk_that_cannot_be_imported_says_why(
    appwrite: Appwrite, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(packages, "import no_such_package_as_this", monkeypatch)

    with pytest.raises(ModuleNotFoundError, match="no_such_package_as_this"):
        appwrite.guest()
