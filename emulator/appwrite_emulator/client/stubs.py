"""The stubs of a test: declared answers for what is not emulated, and what was called."""

from __future__ import annotations

import re
from typing import Unpack

from ..services import stubs as declared
from ..services.stubs import Raised, StubCall, Unmatched
from .stub import InLoop, Stub, Wanted, criteria_of

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Path = str | re.Pattern[str]


class StubsFailed(AssertionError):
    """Calls met no stub, or code that should have answered has raised an error."""

    __module__ = "appwrite_emulator"  # as people import it: reports name it, and are short of room


class Stubs:
    """Declares answers to calls of Appwrite's API in one project, emulated or not.

    A path is one of Appwrite's, with or without /v1: `*` stands for one segment, a final `**` for
    the rest; a compiled regular expression matches from end to end. `query`, `json`, `body`,
    `headers` and `by` say which of its calls are meant: objects want what they name and let all
    else be, at any depth, `Exactly(...)` wants nothing else. A pattern, a class or a function that
    decides by the value alone may stand for any value. `by` is "guest", "server", or the id of a
    function or a user; a function that acts by the token of a user is that user.

    What cannot be declared raises StubRefused, a ValueError.
    """

    def __init__(self, stubs: declared.Stubs, in_loop: InLoop, project: str) -> None:
        self._stubs = stubs
        self._in_loop = in_loop
        self._project = project

    def get(self, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for GET, and so for HEAD."""
        return self._stub("GET", path, wanted)

    def post(self, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for POST."""
        return self._stub("POST", path, wanted)

    def put(self, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for PUT."""
        return self._stub("PUT", path, wanted)

    def patch(self, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for PATCH."""
        return self._stub("PATCH", path, wanted)

    def delete(self, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for DELETE."""
        return self._stub("DELETE", path, wanted)

    def any(self, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for whatever method."""
        return self._stub("ANY", path, wanted)

    def on(self, method: str, path: Path, **wanted: Unpack[Wanted]) -> Stub:
        """A stub for the method with that name."""
        return self._stub(method, path, wanted)

    @property
    def calls(self) -> list[StubCall]:
        """The calls that stubs have answered, in the order of the replies."""
        return list(self._in_loop(self._stubs.calls, self._project))

    @property
    def unmatched(self) -> list[Unmatched]:
        """The calls that neither a stub nor the emulator has answered; each explains itself."""
        return list(self._in_loop(self._stubs.unmatched, self._project))

    @property
    def raised(self) -> list[Raised]:
        """What code that should have answered has raised, and for which calls."""
        return list(self._in_loop(self._stubs.raised, self._project))

    def clear(self) -> None:
        """Remove all stubs, and forget what was called."""
        self._in_loop(self._stubs.clear, self._project)

    def check(self) -> None:
        """Raise StubsFailed when code that should have answered has raised an error, or a call met
        no stub."""
        if raised := self.raised:
            raise StubsFailed(raised[0].explain()) from raised[0].error
        if unmatched := self.unmatched:
            told = [*(each.explain() for each in unmatched), unmatched[0].advice]
            raise StubsFailed("\n".join(told))

    def _stub(self, method: str, path: Path, wanted: Wanted) -> Stub:
        stub = declared.Stub.declared(self._project, method, path, criteria_of(wanted))
        return Stub(stub, self._stubs, self._in_loop)
