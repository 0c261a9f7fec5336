"""A served project whose folders tests change, and its functions, called over HTTP."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
import httpx2

from appwrite_emulator import Emulator, project_file
from appwrite_emulator.services.live_logs import Listener, LogEntry, Wanted
from appwrite_emulator.services.projects import Applied
from appwrite_emulator.services.reload import Followed

HEADERS = {"x-appwrite-project": "demo", "x-appwrite-key": "local"}
PYTHON = {"runtime": "python-3.12", "entrypoint": "main.py"}
NODE = {"runtime": "node-22", "entrypoint": "main.mjs"}


def python(answer: str) -> str:
    return f"def main(context):\n    return context.res.text({answer!r})\n"


def node(answer: str) -> str:
    return f"export default async ({{ res }}) => res.text({json.dumps(answer)});\n"


@dataclass
class Served:
    """An emulator that serves the project in `folder`."""

    emulator: Emulator
    http: httpx2.AsyncClient
    folder: Path
    applied: list[Applied]
    told: Listener
    unheard: deque[LogEntry] = field(default_factory=deque)  # that `news` has not looked at

    def save(self, path: str, text: str) -> None:
        """Write a file as plain editors do."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    async def execute(self, id: str = "f", path: str = "/", **values: Any) -> Any:
        body = {"path": path, "method": "GET", **values}
        reply = await self.http.post(f"/functions/{id}/executions", json=body)
        return reply.json()

    async def call(self, id: str = "f", path: str = "/") -> str:
        """The body that the function answers now."""
        execution = await self.execute(id, path)
        assert execution.get("status") == "completed", execution
        return str(execution["responseBody"])

    def followed(self, id: str = "f") -> Followed:
        found = self.emulator.services.reload.of("demo", id)
        assert found is not None
        return found

    async def state(self, id: str = "f") -> str:
        """How the folder stands once nothing of it is being taken in."""
        followed = self.followed(id)
        while followed.turn is not None:
            await followed.turn.wait()
        return followed.state

    async def news(self, level: str = "ended", *, kind: str = "reload") -> LogEntry:
        """The next thing of that kind that is told."""
        with anyio.fail_after(15):
            while True:
                while self.unheard:
                    entry = self.unheard.popleft()
                    if (entry.level, entry.work.kind) == (level, kind):
                        return entry
                if (heard := await self.told.next()) is None:
                    break
                self.unheard += heard[0]
        raise AssertionError(f"nothing was told: {kind} {level}")


def write_project(folder: Path, functions: Mapping[str, Mapping[str, Any]]) -> None:
    rows = [
        {"$id": id, "name": id, "path": f"functions/{id}", "execute": ["any"], **values}
        for id, values in functions.items()
    ]
    text = json.dumps({"projectId": "demo", "functions": rows}, indent=4)
    (folder / "appwrite.config.json").write_text(text, encoding="utf-8")


@asynccontextmanager
async def serving(folder: Path, **options: Any) -> AsyncIterator[Served]:
    """Serve what lies in `folder`, as `start` does."""
    path = folder / "appwrite.config.json"
    async with Emulator(port=0, project="demo", directory=folder, **options) as emulator:
        live_logs = emulator.services.ground.live_logs
        with live_logs.listening(Wanted(activity=True)) as told:
            applied = await emulator.services.serving.serve(
                "demo",
                project_file.read(path),
                lambda: project_file.read(path),
                lambda id, text: None,
            )
            async with httpx2.AsyncClient(
                base_url=emulator.endpoint, headers=HEADERS, timeout=30
            ) as http:
                yield Served(emulator, http, folder, applied, told)
