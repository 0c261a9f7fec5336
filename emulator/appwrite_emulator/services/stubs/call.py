"""Calls: what somebody asks of the API, as stubs see it and tests are shown it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SECRET = ("authorization", "cookie", "x-appwrite-key", "x-appwrite-jwt", "x-appwrite-session")


@dataclass(frozen=True, slots=True)
class StubCall:
    """One call of the API: who asked for what, and how a stub has answered.

    `query` has what PHP makes of a query string: `queries[0]` and `queries[]` are the list
    `queries`. `json` is the value of a JSON body, or the fields of a form with the names of its
    files; None when the body is neither.
    """

    project: str
    method: str
    path: str  # decoded, with /v1
    query: Mapping[str, Any]
    headers: Mapping[str, str]  # names in lower case
    body: bytes = b""
    json: Any = None
    function: str = ""  # whose key the call had
    execution: str = ""  # the only one of the function that was under way
    user: str = ""
    is_server: bool = False  # with a key that is no function's
    moment: str = ""
    epoch: int = 0  # of the project when the call came; a restore ends it
    stub: str = ""  # the id of the one that took it
    reply_status: int = 0

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def caller(self) -> str:
        """Who called, for people."""
        if self.function:
            return f"function {self.function}"
        if self.user:
            return f"user {self.user}"
        return "server" if self.is_server else "guest"

    def to_json(self) -> dict[str, Any]:
        """The call for programs, without what its caller proved himself by."""
        return {
            "project": self.project,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "headers": {k: v for k, v in self.headers.items() if k not in _SECRET},
            "json": self.json,
            "body": self.text,
            "caller": self.caller,
            "function": self.function,
            "execution": self.execution,
            "user": self.user,
            "time": self.moment,
            "stub": self.stub or None,
            "status": self.reply_status or None,
        }
