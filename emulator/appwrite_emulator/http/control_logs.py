"""The door of live logs: as text for people, as JSON lines for programs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from ..jsontext import encode
from ..services.live_logs import Listener, LiveLogs, LogEntry, Wanted
from ..services.under_way import Work
from .app import CONTROL
from .control_params import read_params
from .params import Param
from .reply import TEXT, StreamReply
from .request import Request
from .route import Route
from .validators import Boolean, Uid, WhiteList

_NDJSON = (b"content-type", b"application/x-ndjson")
_PARAMS = (
    Param("project", Uid(), ""),
    Param("function", Uid(), ""),
    Param("execution", Uid(), ""),
    Param("format", WhiteList(("text", "json")), None),
    Param("activity", Boolean(loose=True), False),
)
Render = Callable[[Sequence[LogEntry], int], bytes]


@dataclass(frozen=True, slots=True)
class LogDoors:
    """Follow what executions and builds say."""

    live_logs: LiveLogs

    def routes(self) -> Iterator[Route]:
        yield Route("GET", f"{CONTROL}/logs", self.follow)

    async def follow(self, request: Request) -> StreamReply:
        values = await read_params(request, *_PARAMS)
        wanted = Wanted(
            values["project"], values["function"], values["execution"], values["activity"]
        )
        is_json = (values["format"] or _format(request)) == "json"
        with ExitStack() as stack:
            listener = stack.enter_context(self.live_logs.listening(wanted, is_request=True))
            pieces = _pieces(listener, as_json if is_json else Page().write)
            headers = (_NDJSON if is_json else TEXT,)
            return StreamReply(pieces, request.receive, stack.pop_all().close, headers)


def _format(request: Request) -> str:
    accepted = request.header("accept")
    return "json" if "ndjson" in accepted or "application/json" in accepted else "text"


async def _pieces(listener: Listener, render: Render) -> AsyncIterator[bytes]:
    while (heard := await listener.next()) is not None:
        yield render(*heard)


def as_json(entries: Sequence[LogEntry], dropped: int) -> bytes:
    """One line for each entry; then how many were dropped, if any."""
    lines = [encode(entry.to_json()) for entry in entries]
    lines += [encode({"dropped": dropped})] if dropped else []
    return b"".join(line + b"\n" for line in lines)


class Page:
    """The text that one reader gets: lines below a heading that says who speaks."""

    def __init__(self) -> None:
        self._speaker: Work | None = None

    def write(self, entries: Sequence[LogEntry], dropped: int) -> bytes:
        lines: list[str] = []
        for entry in entries:
            if entry.work != self._speaker:
                self._speaker = work = entry.work
                lines.append(f"==> {work.project}/{work.function_id} {work.kind} {work.id}")
            start = f"{entry.time[11:23]} {entry.level:<6} "
            lines.append(start + entry.text.replace("\n", "\n" + " " * len(start)))
        if dropped:
            lines.append(f"... {dropped:,} lines dropped: they came faster than they were read")
        return "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
