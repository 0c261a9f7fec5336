"""What the steps share: counted checks, and one run over a project of its own."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appwrite.exception import AppwriteException
from appwrite.services.functions import Functions
from sdk import NAMES, Calls, admin, client

NODE, PYTHON = "flow-node", "flow-python"
CHUNK = 5 * 1024 * 1024
PATIENCE = 60  # seconds for a build or an asynchronous execution
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00")


@dataclass
class Checks:
    """Counts what was found as expected, and ends the script at the first thing that was not."""

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
        except AppwriteException as exc:
            self.equal((exc.code, exc.type), (code, type), f"refusal, saying {exc}")
            self.true(str(exc) and text in str(exc), f"{text!r} in {exc}")
            return exc
        raise SystemExit(f"wanted {code} {type}, got the answer {answer!r}")


class Flow:
    """One run over an empty project; the steps build on each other, in order."""

    def __init__(self, archives: Path) -> None:
        self.archives = archives
        self.checks = Checks()
        self.functions = Calls(Functions(admin()))
        self.guest = Calls(Functions(client()))
        self.big = self.exact = self.small = self.canceled = ""  # deployments, once they are there

    def built(self, function: str, id: str) -> dict[str, Any]:
        """The deployment once it is ready, active and complete."""
        deployment = self.ended(function, id)
        self.checks.equal(deployment["status"], "ready", f"status, logs {deployment['buildLogs']}")
        self.checks.true(deployment["buildSize"] > 0, "the build has a size")
        self.checks.true("Build finished." in deployment["buildLogs"], "the build has logs")
        active = self.functions.get(function)[NAMES["active"]]
        self.checks.equal(active, id, "the active deployment")
        return deployment

    def ended(self, function: str, id: str) -> dict[str, Any]:
        """The deployment once its build is over."""
        return self.poll(
            lambda: self.functions.get_deployment(function, id),
            lambda it: it["status"] in ("ready", "failed", "canceled"),
        )

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
