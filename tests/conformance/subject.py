"""A function under test: code in a build folder, reached through the executor."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from appwrite_emulator.catalog import Launch
from appwrite_emulator.execution.executor import Executor, Result, Target
from appwrite_emulator.execution.logs import MARKER

from .case import HOST, SECRET, Case, Request
from .languages import Ground, Language, ground
from .problems import Words, problems

ENFORCED = {"x-custom": "value", "X-CUSTOM-UPPERCASE": "Value2", "x-open-runtimes-custom": 248}
ENV = {
    "CUSTOM_ENV_VAR": "customValue",
    "OPEN_RUNTIMES_HEADERS": json.dumps(ENFORCED),
    "OPEN_RUNTIMES_SECRET": SECRET,
    "OPEN_RUNTIMES_ENV": "production",
    "OPEN_RUNTIMES_HOSTNAME": HOST,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """Code with an entrypoint."""

    executor: Executor
    target: Target

    async def run(self, request: Request) -> Result:
        return await self.executor.run(self.target, request.call())

    async def problems(self, case: Case) -> list[str]:
        """What the answer to a case has that it should not have, or lacks."""
        return problems(await self.run(case.request), case.expect, self._words())

    def _words(self) -> Words:
        folder = self.target.folder
        return {
            "entrypoint": os.path.basename(self.target.entrypoint),
            "root": str(folder / "src" / "function"),
            "workdir": os.path.normpath(folder / self.target.launch.workdir),
            "marker": MARKER.decode(),
        }


class House:
    """Holds the code of all languages, and an executor that runs it."""

    def __init__(self, executor: Executor, here: Ground, launches: Mapping[str, Launch]) -> None:
        self._executor = executor
        self._here = here
        self._launches = launches
        self._builds: dict[str, Path] = {}

    def function(self, language: Language, entrypoint: str) -> Subject:
        """The conformance function of a language; the same one whenever it is asked for."""
        if language.key not in self._builds:
            build = self._build()
            shutil.copytree(language.profile.folder, build / "src" / "function")
            self._builds[language.key] = build
            self._here.sandbox.reclaim(build)
        return self._subject(language, self._builds[language.key], entrypoint)

    def program(self, language: Language, case: Case) -> Subject:
        """The program of a case."""
        if case.files is None:
            return self.function(language, case.entrypoint)
        build = self._build()
        root = build / "src" / "function"
        root.mkdir(parents=True)
        for name, text in case.files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        self._here.sandbox.reclaim(build)
        return self._subject(language, build, case.entrypoint)

    def _build(self) -> Path:
        return self._here.workspace / "builds" / secrets.token_hex(8)

    def _subject(self, language: Language, build: Path, entrypoint: str) -> Subject:
        target = Target(
            key=f"{build}/{entrypoint}",
            launch=self._launches[language.key],
            folder=build,
            entrypoint=entrypoint,
            env=ENV,
            memory=512,
        )
        return Subject(self._executor, target)


@asynccontextmanager
async def open_house() -> AsyncIterator[House]:
    async with (
        ground() as here,
        Executor(here.spawner, here.workspace / "homes") as executor,
    ):
        (here.workspace / "builds").mkdir(mode=0o711)
        yield House(executor, here, await here.lent_launches())
