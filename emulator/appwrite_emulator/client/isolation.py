"""Isolation: each test begins with the same rows, and leaves nothing to the next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..emulator import Emulator
from ..services.control import Snapshot
from ..services.projects import NothingThere
from .api import Api
from .handle import Appwrite
from .judge import Judge
from .stage import Stage
from .telling import telling_of
from .terms import Terms


class Session:
    """The tests of one emulator, one after the other."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def fill(self, path: Path) -> None:
        """Deploy the functions at `path`, if there are any. Raises what `Emulator.deploy` does."""
        with suppress(NothingThere):
            self._emulator.deploy(path)

    @contextmanager
    def test(self, terms: Terms) -> Iterator[Appwrite]:
        """The emulator for one test: at its end all is as it was at its beginning."""
        emulator = self._emulator
        before = emulator.in_loop(self._begin)
        stage = self._stage(terms)
        try:
            self._prepare(terms, Appwrite(stage))
            is_plain = not terms.functions and terms.seed is None
            stage.start = before if is_plain else stage.snapshot()
            yield Appwrite(stage)
        finally:
            stage.closing.close()
            emulator.in_loop(self._end, before)

    def _stage(self, terms: Terms) -> Stage:
        emulator = self._emulator
        judge = Judge(telling_of(emulator), is_strict=terms.strict)
        return Stage(emulator, Api.of(emulator), judge, terms.timeout)

    def _prepare(self, terms: Terms, appwrite: Appwrite) -> None:
        for path in terms.functions:
            appwrite.deploy(path)
        if callable(terms.seed):
            terms.seed(appwrite)
        if terms.clock is not None:
            self._emulator.freeze(terms.clock)

    def _begin(self) -> Snapshot:
        services = self._emulator.services
        services.witness.watch()
        return services.control.snapshot()

    async def _end(self, before: Snapshot) -> None:
        services = self._emulator.services
        await services.control.restore(before.id)
        await services.control.forget(before.id)
        services.witness.leave()


@contextmanager
def isolated(emulator: Emulator, **terms: Any) -> Iterator[Appwrite]:
    """The emulator for one test, on the terms of `Terms`: what the fixture `appwrite` is.

        with Emulator(port=0) as emulator:
            emulator.deploy("functions")
            with isolated(emulator) as appwrite:
                assert appwrite.functions["greet"].call().text == "Hello"

    At the end all is as it was, but for the processes of functions, which stay warm. Raises
    FunctionFailed when a function has failed that was not expected to.
    """
    if isinstance(terms.get("functions"), str | Path):
        terms["functions"] = (Path(terms["functions"]),)
    with Session(emulator).test(Terms(**terms)) as appwrite:
        yield appwrite
        appwrite.check()
