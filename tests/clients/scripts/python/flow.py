"""What the steps share: an SDK of one era, counted checks, and one run over a project."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NODE, PYTHON = "flow-node", "flow-python"
CHUNK = 5 * 1024 * 1024
PATIENCE = 60  # seconds for a build or an asynchronous execution
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


class Calls:
    """A service of the SDK whose answers are dictionaries with Appwrite's names."""

    def __init__(self, service: Any) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            answer = getattr(self._service, name)(*args, **options)
            return answer.to_dict() if hasattr(answer, "to_dict") else answer

        return call


@dataclass
class Checks:
    """Counts what was found as expected, and ends the script at the first thing that was not."""

    refusal: type[Exception]
    count: int = 0

    def equal(self, found: Any, wanted: Any, what: str) -> None:
        self.count += 1
        if found != wanted:
            raise SystemExit(f"{what}: wanted {wanted!r}, found {found!r}")

    def true(self, found: Any, what: str) -> None:
        self.equal(bool(found), True, what)

    def fields(self, found: dict[str, Any], wanted: dict[str, Any], what: str) -> None:
        for name, value in wanted.items():
            self.equal(found.get(name, "<missing>"), value, f"{name} of {what}")

    def has(self, found: dict[str, Any], names: Iterable[str], what: str) -> None:
        self.equal(sorted(set(names) - set(found)), [], f"missing fields of {what}")

    def refused(self, code: int, type: str, call: Callable[[], Any], text: str = "") -> Exception:
        """The error that `call` raised, which must have this status and type."""
        try:
            answer = call()
        except self.refusal as exc:
            found = (exc.code, exc.type)  # type: ignore[attr-defined]
            self.equal(found, (code, type), f"refusal, saying {exc}")
            self.true(str(exc) and text in str(exc), f"{text!r} in {exc}")
            return exc
        raise SystemExit(f"wanted {code} {type}, got the answer {answer!r}")


@dataclass(frozen=True)
class Sdk:
    """One version of the SDK: its service, and what its era calls things."""

    name: str
    functions: Calls
    guest: Calls
    queries: Any
    input_file: Any
    refusal: type[Exception]
    create_variable: Callable[[str, str, str], dict[str, Any]]
    rebuild: Callable[[str, str], None]
    cancel: Callable[[str, str], dict[str, Any]]
    activate: Callable[[str, str], dict[str, Any]]
    active: str  # field of a function that names its active deployment
    size: str  # field of a deployment with the bytes of its archive
    owner: str  # field of an execution that names its function
    taken: str  # error type of an id that is in use
    models: dict[str, set[str]] = field(default_factory=dict)


class Flow:
    """One run over an empty project; the steps build on each other, in order."""

    def __init__(self, sdk: Sdk, archives: Path) -> None:
        self.sdk = sdk
        self.functions = sdk.functions
        self.queries = sdk.queries
        self.archives = archives
        self.checks = Checks(sdk.refusal)

    def built(self, function: str, id: str) -> dict[str, Any]:
        """The deployment once it is ready, active and complete."""
        done = {"ready", "failed", "canceled"}
        deployment = self.poll(
            lambda: self.functions.get_deployment(function, id), lambda it: it["status"] in done
        )
        self.checks.equal(deployment["status"], "ready", f"status, logs {deployment['buildLogs']}")
        self.checks.true(deployment["buildSize"] > 0, "the build has a size")
        self.checks.true("Build finished." in deployment["buildLogs"], "the build has logs")
        active = self.functions.get(function)[self.sdk.active]
        self.checks.equal(active, id, "the active deployment")
        return deployment

    def poll(
        self, look: Callable[[], dict[str, Any]], is_done: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while not is_done(found := look()):
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing more happened in {PATIENCE} seconds: {found!r}")
            time.sleep(0.02)
        return found

    def answered(self, function: str, **call: Any) -> dict[str, Any]:
        """What the function says it was called with."""
        execution = self.functions.create_execution(function, **call)
        status = (execution["status"], execution["responseStatusCode"])
        self.checks.equal(status, ("completed", 200), f"outcome, errors {execution['errors']!r}")
        return dict(json.loads(execution["responseBody"]))

    def listed(self, kind: str, *queries: str, function: str = "") -> list[Any]:
        """What the list of executions, deployments or functions holds for the queries."""
        place = (function,) if function else ()
        listed = getattr(self.functions, f"list_{kind}" if function else "list")(
            *place, queries=list(queries)
        )
        self.checks.true(listed["total"] >= len(listed[kind]), f"total of {kind}")
        return list(listed[kind])


def names_in(archive: bytes) -> set[str]:
    """The files of a tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        return {name.removeprefix("./") for name in tar.getnames()}
