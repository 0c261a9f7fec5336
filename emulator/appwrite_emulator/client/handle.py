"""The handle: what a test does with the emulator, and sees of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Unpack, overload

from ..people import User
from ..services.under_way import Work
from . import sdk, sources
from .clock import Clock
from .execution import Execution
from .expecting import Expecting, Times, Wish
from .function import Function
from .functions import Functions, VariablesOf
from .matching import Conditions, Text
from .people import People
from .permit import Permit
from .person import Teams
from .snapshot import Snapshot
from .stage import Stage
from .stubs import Stubs
from .telling import pending_text

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class Appwrite:
    """The emulator, as one test has it to itself.

    Whatever the test changes through this, the API or its functions is undone when it ends. All
    methods wait in the thread that calls them, also below an event loop of the test's own.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._people = People(stage)
        self.functions = Functions(stage, self._people)
        """The functions of the project by their ids."""
        self.variables = VariablesOf(self.functions)
        """The variables of functions: `appwrite.variables["greet"]["LANGUAGE"] = "de"`."""
        self.clock = Clock(stage)
        """The emulator's clock: `advance`, `set`, `freeze`, `resume`."""
        self.stub = Stubs(stage.emulator.services.stubs, stage.in_loop, stage.project)
        """Answers of what is not emulated: `appwrite.stub.get("/databases/...").json({...})`."""

    def __repr__(self) -> str:
        if self._stage.is_over:
            return f"<Appwrite project {self.project!r} of a test that has ended>"
        return f"<Appwrite project {self.project!r} at {self.endpoint}>"

    @property
    def endpoint(self) -> str:
        """The URL of the API, such as `http://127.0.0.1:40123/v1`."""
        return self._stage.api.endpoint

    @property
    def project(self) -> str:
        """The id of the project."""
        return self._stage.project

    @property
    def key(self) -> str:
        """An API key that may do everything."""
        return self._stage.api.key

    def deploy(
        self,
        path: Path | str | None = None,
        *,
        files: Mapping[str, str | bytes] | None = None,
        **changes: Any,
    ) -> list[Function]:
        """Deploy what lies at `path`, as `Emulator.deploy` does, or one function whose `files` are
        given by their names; the functions that this has made or changed.

            appwrite.deploy("functions/greet", timeout=3)
            appwrite.deploy(files={"main.py": "def main(context): ..."}, id="greet")

        Raises what `Emulator.deploy` does; TypeError without `path` and `files`, with both, and
        without an `id` for `files`.
        """
        if (path is None) == (files is None):
            raise TypeError("Give the path of a folder, or files: one of both.")
        stage, emulator = self._stage, self._stage.emulator
        place = (
            Path(path)
            if path is not None
            else sources.laid(files or {}, changes, self._stage.closing)
        )
        applied = stage.waited(lambda: emulator.deploy(place, **changes))
        return [self.functions[each.id] for each in applied]

    def client(
        self,
        user: str,
        *,
        labels: Iterable[str] | None = None,
        teams: Teams | None = None,
        **attributes: Any,
    ) -> Any:
        """A client of the official SDK, `appwrite.client.Client`, signed in as `user`.

        Labels, teams and attributes are as in `user`. Raises SdkMissing, an ImportError.
        """
        self.user(user, labels=labels, teams=teams, **attributes)
        client = sdk.guest(self._stage.api)
        if not sdk.has_sessions(client):
            return client.set_jwt(self.jwt(user))
        return client.set_session(self.session(user))

    def guest(self) -> Any:
        """A client of the official SDK that has not signed in. Raises SdkMissing."""
        return sdk.guest(self._stage.api)

    def server(self, *, scopes: Iterable[str] | None = None) -> Any:
        """A client of the official SDK with a key for everything, or only for `scopes`.

        Raises SdkMissing, ConfigError for scopes that there are not.
        """
        key = self.key if scopes is None else self._people.key(scopes)
        return sdk.server(self._stage.api, key)

    def user(
        self,
        id: str,
        *,
        labels: Iterable[str] | None = None,
        teams: Teams | None = None,
        **attributes: Any,
    ) -> User:
        """A user, who is made when he is first named, and changed to what is said of him.

            appwrite.user("ann", labels=["vip"], teams={"staff": ["owner"]}, verification=True)

        `labels` and `teams`, with his roles or as a list, are then all that he has; teams are made
        too. Attributes are `name`, `email`, `phone`, `password`, `prefs`, `verification`,
        `phone_verification`, and `status`, false for who is blocked. No event tells of it. Raises
        TypeError, ValueError, and Refused for an address that somebody else has.
        """
        return self._people.user(id, labels, teams, attributes)

    def headers(self, user: str | None = None, *, guest: bool = False) -> dict[str, str]:
        """The headers that say who calls, for plain HTTP: `user`, a `guest`, or else a server."""
        return self._people.headers(user, guest=guest)

    def session(self, user: str) -> str:
        """The secret of a session of `user`, for SDKs of any language: `setSession(...)`."""
        return self._people.session(user)

    def jwt(self, user: str, *, seconds: float = 3600) -> str:
        """A JSON web token of `user` for a session, for SDKs of any language: `setJWT(...)`."""
        return self._people.jwt(user, seconds)

    def fire(
        self,
        event: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user: str = "",
        wait: bool = True,
    ) -> list[Execution]:
        """Make up an event, wait until all is quiet, and return what it has called.

        `event` is a full name, such as `databases.main.collections.posts.documents.1.create`;
        `user` is the id of who did it, who need not exist. Without `wait` they may still run.
        Raises EventRefused, NotSettled.
        """
        stage = self._stage
        fired = stage.waited(lambda: stage.emulator.fire(event, payload, user=user))
        if wait:
            self.settle()
        return [self._stage.execution(each.function_id, each.id) for each in fired.executions]

    def settle(self, timeout: float | None = None) -> list[Work]:
        """Wait until no build and no execution is pending; what was waited for.

        Raises NotSettled, a TimeoutError that names what is pending after `timeout` seconds.
        """
        return self._stage.settle(timeout)

    def finished(self, execution: Execution, *, check: bool = True) -> Execution:
        """Wait until `execution`, called without waiting, has ended, and return how.

        Raises FunctionFailed as `Function.call` does, NotSettled when it takes too long, NotDue
        when its moment is still to come.
        """
        if not check:
            self._stage.judge.expect(execution)
        ended = self._stage.ended(execution.function, execution.id)
        self._stage.require([ended])
        return ended

    def executions(
        self, function: str = "", *, status: str = "", trigger: str = "", user: str = ""
    ) -> list[Execution]:
        """All executions in the order of creation, or those of one function, with a `status`, a
        `trigger` or by one `user`. Raises FunctionUnknown, ValueError."""
        id = self.functions[function].id if function else ""
        return self._stage.executions(id, status=status, trigger=trigger, user=user)

    def snapshot(self) -> Snapshot:
        """Remember all rows, to `restore()` them later in this test, or by `with` at its end."""
        return Snapshot(self._stage, self._stage.snapshot())

    def reset(self) -> None:
        """Go back to how the test began, with the functions and rows that it found; not the clock.

        Raises FunctionFailed for what has failed unexpectedly until now.
        """
        self._stage.reset()

    def check(self) -> None:
        """Raise FunctionFailed when a function has failed unexpectedly, whoever has called it, and
        StubsFailed when a call of it met no stub.

        The fixture does so when the test's own code has ended. What is under way then gets a
        second to end, so that what is begun last is judged like the rest.
        """
        self._stage.calm()
        self._stage.require(self._stage.failures())

    @overload
    def expect_execution(
        self, function: str = "", *, settle: bool = True, **conditions: Unpack[Conditions]
    ) -> Execution: ...

    @overload
    def expect_execution(
        self,
        function: str = "",
        *,
        times: Times,
        settle: bool = True,
        **conditions: Unpack[Conditions],
    ) -> list[Execution]: ...

    def expect_execution(
        self,
        function: str = "",
        *,
        times: Times | None = None,
        settle: bool = True,
        **conditions: Unpack[Conditions],
    ) -> Execution | list[Execution]:
        """Wait until all is quiet, unless `settle` is false; then there must be an execution of
        `function`, or of any, for which all conditions hold: the newest of them is returned. With
        `times`, a number or the least and the most, there must be so many: all are returned.

            appwrite.expect_execution("greet", trigger="event", event="users.*.create")
            appwrite.expect_execution("pay", status="failed", errors_contain="card", times=(1, 3))

        Conditions are those of `Conditions`. A pattern or a test may stand for a value. Who names
        `status`, `status_code`, `outcome` or `errors_contain` knows how it ends: what is found then
        may have failed. Raises ExpectationFailed, which shows the closest executions, NotSettled.
        """
        wanted = (1, None) if times is None else times
        found = self._expect(function, wanted, conditions, settle=settle)
        return found[-1] if times is None else found

    def expect_no_execution(
        self, function: str = "", *, settle: bool = True, **conditions: Unpack[Conditions]
    ) -> None:
        """Wait until all is quiet; then there must be no such execution. Raises as
        `expect_execution` does."""
        self._expect(function, 0, conditions, settle=settle)

    def may_fail(self, function: str = "", *, errors_contain: Text | None = None) -> Permit:
        """Let executions of `function`, or of any, fail from now on; `with` it, until the end of
        the block, which waits until all is quiet.

            with appwrite.may_fail("pay", errors_contain="card declined"):
                appwrite.fire("databases.shop.collections.orders.documents.1.create")
        """
        return Permit(self._stage, function, errors_contain)

    def report(self, *, told: Iterable[Execution] = ()) -> str:
        """What was executed in this test, for people: what is broken with all that it said, and
        what goes on with the last that it said. Those that are told elsewhere are a line each, or
        nothing when there are no others."""
        stage = self._stage
        ended = stage.judge.telling.report(stage.seen(), {each.id for each in told})
        pending = stage.in_loop(stage.emulator.services.ground.under_way.of, stage.project)
        return "\n".join(filter(None, (ended, pending_text(stage.emulator, pending))))

    def _expect(
        self, function: str, times: Times, conditions: Mapping[str, Any], *, settle: bool
    ) -> list[Execution]:
        wish = Wish.of(function, times, conditions)
        if settle:
            self._stage.settle()
        return Expecting(self._stage, lambda: [*self.functions]).require(wish)
