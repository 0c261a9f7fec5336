"""The installed SDK of whatever version: its calls by their newest names, and its era's words."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from appwrite.client import Client

VERSION = version("appwrite")
MAJOR = int(VERSION.partition(".")[0])
IS_TYPED = find_spec("appwrite.models") is not None
_ERAS = json.loads(Path(__file__).parents[1].joinpath("eras.json").read_text(encoding="utf-8"))
_FORMAT = Client()._global_headers["X-Appwrite-Response-Format"]
_OLD_NAMES = {
    "create_duplicate_deployment": "create_build",
    "update_deployment_status": "update_deployment_build",
    "update_function_deployment": "update_deployment",
}


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in text.split("."))


def _of_era(by_format: dict[str, Any]) -> Any:
    """What the newest format says that is not newer than the SDK's."""
    return by_format[max((f for f in by_format if _numbers(f) <= _numbers(_FORMAT)), key=_numbers)]


NAMES = {name: _of_era(by_format) for name, by_format in _ERAS["names"].items()}
MODELS = {name: set(_of_era(by_format).split()) for name, by_format in _ERAS["models"].items()}


def client() -> Client:
    """A client without a key, as a guest has it."""
    found = Client().set_endpoint(os.environ["APPWRITE_ENDPOINT"])
    return found.set_project(os.environ["APPWRITE_PROJECT_ID"])


def admin() -> Client:
    return client().set_key(os.environ["APPWRITE_API_KEY"])


class Calls:
    """A service of the SDK: answers are dictionaries with Appwrite's names.

    A parameter that this version does not have is left out, so steps can say all that the newest
    one has. Which calls and parameters were used is remembered.
    """

    def __init__(self, service: Any) -> None:
        self._service = service
        self.used: set[str] = set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        here = name if hasattr(self._service, name) else _OLD_NAMES[name]
        method = getattr(self._service, here)
        signature = inspect.signature(method)

        def call(*args: Any, **options: Any) -> Any:
            known = {key: value for key, value in options.items() if key in signature.parameters}
            self.used |= {
                here,
                *(f"{here}.{it}" for it in signature.bind(*args, **known).arguments),
            }
            answer = method(*args, **known)
            return answer.to_dict() if hasattr(answer, "to_dict") else answer

        return call

    def offered(self) -> set[str]:
        """Every call of this version as `method`, every parameter as `method.parameter`."""
        methods = inspect.getmembers(self._service, inspect.ismethod)
        public = {name: method for name, method in methods if not name.startswith("_")}
        parameters = (
            f"{name}.{parameter}"
            for name, method in public.items()
            for parameter in inspect.signature(method).parameters
        )
        return {*public, *parameters}
