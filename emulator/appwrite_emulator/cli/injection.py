"""What `trigger event` does, and what it prints."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ..config import ConfigError
from .report import execution_lines, show
from .running import Running


class Asked(NamedTuple):
    """An event to make up."""

    event: str
    payload: Mapping[str, Any]
    user: str
    project: str
    wait: float | None  # seconds; None: do not wait

    @classmethod
    def read(cls, event: str, options: Mapping[str, Any]) -> Asked:
        """The event with the options of the command. Raises ConfigError."""
        payload = _read_payload(options["payload"])
        return cls(event, payload, options["user"], options["project"], options["patience"])


def _read_payload(text: str) -> dict[str, Any]:
    """The object in `text`, in the file `@FILE`, or in standard input. Raises ConfigError."""
    source = "standard input" if text == "-" else text[1:] if text[:1] == "@" else "--payload"
    try:
        content = _content(text)
        value = json.loads(content)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not text in UTF-8"
        raise ConfigError(f"{source} cannot be read: {reason}") from exc
    except (ValueError, RecursionError) as exc:
        raise ConfigError(f"{source} is not JSON: {exc}. Give an object such as {{}}") from exc
    if not isinstance(value, dict):
        raise ConfigError(f"{source} must be a JSON object, such as {{}}")
    return value


def _content(text: str) -> str:
    if text == "-":
        return sys.stdin.buffer.read().decode("utf-8")
    return Path(text[1:]).read_text(encoding="utf-8") if text[:1] == "@" else text


def fire(running: Running, asked: Asked) -> dict[str, Any]:
    """What the emulator answers. Raises ConfigError."""
    values = {name: value for name, value in asked._asdict().items() if value not in ("", None)}
    reply: dict[str, Any] = running.ask("POST", "/trigger/event", **values)
    return reply


def tell(reply: Mapping[str, Any], *, as_json: bool) -> int:
    """Print what came of the event; the exit code."""
    show(reply, _lines(reply), as_json=as_json)
    return int(any(each.get("status") == "failed" for each in reply["executions"]))


def _lines(reply: Mapping[str, Any]) -> Iterator[str]:
    executions = reply["executions"]
    if not executions:
        yield _unheard(reply["event"], reply["names"])
    width = max((len(each["functionId"]) for each in executions), default=0)
    for each in executions:
        yield from execution_lines(each, width)


def _unheard(event: str, names: Sequence[str]) -> str:
    if event.startswith("functions."):
        return "No function was called: functions cannot listen to events of functions."
    pattern = max(names, key=lambda name: name.count("*"))
    return f"No function listens to {event}. One whose events have {pattern} would be called."
