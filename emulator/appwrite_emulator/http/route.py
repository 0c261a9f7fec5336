"""One method of one path: which door answers it, who may come in, and how it is described."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from .params import Param
from .reply import FileReply, Reply, StreamReply
from .request import Request, Version
from .validators import Uid, Validator

Answer = Reply | FileReply | StreamReply
Door = Callable[[Request], Awaitable[Answer]]

_UID = Uid()


@dataclass(frozen=True, slots=True)
class Operation:
    """What a route is called and what it takes and gives, for whoever describes the API.

    `name` is that of the SDKs, such as `functions.create`; `params` are read from the body, of GET
    from the query; `model` names the reply's model, empty when it has no body, `file` when it is
    one. `file` names the part of a multipart body that is a file; `other_status` is that of replies
    that come before the work is done.
    """

    name: str
    params: Sequence[Param] = ()
    status: int = 200
    model: str = ""
    file: str = ""
    other_status: int = 0


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path, and the scopes of which a caller needs one (none: open to all).

    What stands for a `{name}` of the path must pass `place`. `event` is the pattern of the event
    that a call which succeeds fires, if its door says by `Request.happened` that it did.
    """

    method: str
    path: str
    door: Door
    scopes: Sequence[str] = ()
    operation: Operation | Callable[[Version], Operation] | None = None  # in a client's format
    place: Validator = _UID
    event: str = ""

    def described(self, format: Version) -> Operation | None:
        """What the route is for clients that want `format`."""
        return self.operation(format) if callable(self.operation) else self.operation
