"""The official SDK for Python: its clients, ready to be used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from .api import Api

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class SdkMissing(ImportError):
    """The Python package `appwrite` is not there, or is something else."""


def guest(api: Api) -> Any:
    """An `appwrite.client.Client` of nobody. Raises SdkMissing."""
    return _kind()().set_endpoint(api.endpoint).set_project(api.project)


def server(api: Api, key: str) -> Any:
    """A client with an API key. Raises SdkMissing."""
    return guest(api).set_key(key)


def has_sessions(client: Any) -> bool:
    """Whether this version of the SDK signs users in by their sessions; the oldest do not."""
    return hasattr(client, "set_session")


def _kind() -> Any:
    found = _package()
    try:
        return import_module("appwrite.client").Client
    except AttributeError as exc:
        raise _other(found) from exc
    except ModuleNotFoundError as exc:
        if exc.name != "appwrite.client":  # something that the SDK itself needs
            raise
        raise _other(found) from exc


def _package() -> ModuleType:
    try:
        return import_module("appwrite")
    except ModuleNotFoundError as exc:
        if exc.name != "appwrite":
            raise
        raise SdkMissing(
            "The official SDK for Python is not installed. Run `pip install appwrite`, or do "
            "without it: appwrite.functions[...].call(...), appwrite.headers(user=...)."
        ) from exc


def _other(found: ModuleType) -> SdkMissing:
    place = found.__file__ or ", ".join(found.__path__)
    return SdkMissing(
        f"The package `appwrite` at {place} is not the official SDK. Rename it if it is yours, and "
        "run `pip install appwrite`."
    )
