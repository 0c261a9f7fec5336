"""Isolation: each test begins with the same rows, and leaves nothing to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from ..emulator import Emulator
from ..models import Execution
from ..services.control import Snapshot
from ..services.projects import NothingThere, Outcome
from .api import Api
from .baselines import Baseline, Baselines
from .handle import Appwrite
from .hands import Hands
from .judge import Judge
from .seeding import sow
from .stage import Stage
from .telling import telling_of
from .terms import FROZEN, Terms

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class _Before(NamedTuple):
    """What there was when a test began."""

    rows: Snapshot
    hands: Hands
    owner: str  # the test within which it begins, if it does


class Session:
    """The tests of one emulator, one after the other."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self._baselines = Baselines()
        self._api: Api | None = None
        self.undeployed: Mapping[str, str] = {}
        """Why functions of the project could not be deployed, by their ids."""
        self.leftovers: tuple[str, ...] = ()
        """What the test that ended last has left behind, in sentences."""

    def fill(self, path: Path) -> None:
        """Deploy the functions at `path`, if there are any; those that fail are `undeployed`.

        Raises ProjectFileError.
        """
        projects, project = self._emulator.services.projects, self._emulator.project
        try:
            applied = self._emulator.in_loop(projects.deploy, project, path.absolute())
        except NothingThere:
            return
        failed = {each.id: each.reason for each in applied if each.outcome is Outcome.FAILED}
        self.undeployed = {**self.undeployed, **failed}

    @contextmanager
    def test(self, terms: Terms) -> Iterator[Appwrite]:
        """The emulator for one test: at its end all is as it was at its beginning.

        Raises what deploying and seeding raise.
        """
        self._keyed()  # a key that is made now is among the rows to which a reset goes back
        before = self._emulator.in_loop(self._begin, terms.name)
        stage = self._stage(terms)
        with ExitStack() as ending:
            ending.callback(self._leave, before, stage)
            ending.push(stage.closing)
            ending.callback(stage.end)
            stage.start = self._prepare(terms, before.rows)
            yield Appwrite(stage)

    def close(self) -> None:
        """Forget what tests have shared."""
        for each in self._baselines.drop():
            self._emulator.forget(each)
        if self._api:
            self._api.close(self._emulator)

    def _keyed(self) -> Api:
        """The API with the key of all tests."""
        if self._api is None or not self._api.is_open(self._emulator):
            self._api = Api.of(self._emulator)
        return self._api

    def _stage(self, terms: Terms) -> Stage:
        emulator = self._emulator
        judge = Judge(telling_of(emulator), is_strict=terms.strict)
        return Stage(emulator, self._keyed(), judge, terms.timeout, undeployed=self.undeployed)

    def _prepare(self, terms: Terms, before: Snapshot) -> Snapshot:
        """Let the test begin with what it wants; the rows of its beginning."""
        found = before if terms.is_plain else self._baselines.find(terms.shares, before)
        found = found or self._make(terms, before)
        if found is not before or terms.fresh:
            self._emulator.in_loop(self._go_to, found, terms.fresh)
        if terms.clock is not None:
            self._emulator.freeze(None if terms.clock == FROZEN else terms.clock)
        return found

    def _make(self, terms: Terms, before: Snapshot) -> Snapshot:
        """Deploy and seed, and remember the rows for the tests to come."""
        emulator, stage = self._emulator, self._stage(terms)
        appwrite = Appwrite(stage)
        if terms.clock not in (None, FROZEN):
            emulator.freeze(terms.clock)
        for path in terms.functions:
            emulator.deploy(path)
        stage.start = stage.snapshot()
        with stage.closing, _explained(appwrite):
            if terms.seed is not None:
                sow(terms.seed, appwrite, emulator)
            appwrite.settle()
            appwrite.check()
        stage.end()
        made = emulator.snapshot()
        for each in self._baselines.add(Baseline(terms.shares, before, made)):
            emulator.forget(each)
        return made

    def _leave(self, before: _Before, stage: Stage) -> None:
        start = stage.start or before.rows
        self.leftovers = self._emulator.in_loop(self._end, before, start)

    def _begin(self, name: str) -> _Before:
        services = self._emulator.services
        clock, epochs = services.ground.clock, services.ground.epochs
        before = _Before(services.control.snapshot(), Hands.of(clock), epochs.owner)
        epochs.owner = name
        services.witness.watch()
        return before

    async def _go_to(self, rows: Snapshot, fresh: bool) -> None:
        services = self._emulator.services
        await services.control.restore(rows.id, fresh=fresh)
        services.witness.forget()  # what a seed has run is none of the test's

    async def _end(self, before: _Before, start: Snapshot) -> tuple[str, ...]:
        services = self._emulator.services
        ground = services.ground
        try:
            with ground.timers.held():  # what another time has brought near must not happen now
                is_moved = before.hands.put_back(ground.clock)
                left = await services.control.restore(before.rows.id)
                if is_moved:
                    ground.timers.begin_anew()
            await services.control.forget(before.rows.id)
        finally:
            services.witness.leave()
            ground.epochs.owner = before.owner
        return tuple(left.but(start.rows.tables.get(Execution.table, {})).lines())


@contextmanager
def _explained(appwrite: Appwrite) -> Iterator[None]:
    """Tell with an exception what was run before it; what functions did wrong tells it itself."""
    try:
        yield
    except AssertionError:
        raise
    except Exception as exc:
        exc.add_note(appwrite.report())
        raise


@contextmanager
def isolated(emulator: Emulator, **terms: Any) -> Iterator[Appwrite]:
    """The emulator for one test, on the terms of `Terms`: what the fixture `appwrite` is.

        with Emulator(port=0) as emulator:
            emulator.deploy("functions")
            with isolated(emulator) as appwrite:
                assert appwrite.functions["greet"].call().text == "Hello"

    `functions` are deployed, and `seed` is called, for this test alone; `clock` is the moment at
    which the time stands still. At the end all is as it was, but for the processes of functions,
    which stay warm unless the next test is to have `fresh` ones.

    Raises FunctionFailed when a function has failed that was not expected to, TermsRefused.
    """
    session = Session(emulator)
    try:
        with session.test(Terms.of(terms)) as appwrite:
            yield appwrite
            appwrite.check()
    finally:
        session.close()
