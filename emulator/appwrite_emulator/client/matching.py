"""Matching: which of the conditions of an expectation hold for an execution."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

from ..execution.executor import Outcome
from ..models import ExecutionStatus, Trigger
from ..near import meant
from ..printable import quoted
from ..services.stubs.matching import body_differences, differences
from ..services.witness import REFUSED
from .execution import Execution

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Text = str | re.Pattern[str] | Sequence[str | re.Pattern[str]]
"""What a text must contain: a text, what a pattern finds, or several of those."""

Test = Callable[[Any], object]
"""Decides whether a value is as wanted; what it raises says no."""

Texts = str | re.Pattern[str] | Test
"""What a text must be: another one, matched by a pattern from end to end, or found good."""

_MOST = 20  # lines of a difference
_LONG = 200  # characters of a text that is shown whole


class Conditions(TypedDict, total=False):
    """What can be wanted of an execution; what is left out does not matter."""

    status: Texts  # waiting, processing, completed, failed, scheduled
    status_code: int | Test
    outcome: Texts  # answered, threw, timed out, load failed, crashed, refused
    body: str | bytes | re.Pattern[str] | Test
    body_contains: Text
    json: Any  # the whole value; parts of it may be patterns, classes and tests
    json_contains: Any  # objects may have other keys than these, at any depth
    logs_contain: Text
    errors_contain: Text
    trigger: Texts  # http, schedule, event
    event: Texts  # its name, or a pattern such as users.*.create
    user: Texts  # the id
    method: Texts
    path: Texts  # with the query
    request_body: str | bytes | re.Pattern[str] | Test
    request_json: Any  # as json
    request_json_contains: Any  # as json_contains


ABOUT_THE_END = frozenset(("status", "status_code", "outcome", "errors_contain"))
"""Conditions that say how an execution ended: who names them knows that it may fail."""

_WORDS: dict[str, Sequence[str]] = {
    "status": tuple(ExecutionStatus),
    "outcome": (*Outcome, REFUSED),
    "trigger": tuple(Trigger),
}


def check(conditions: Mapping[str, Any]) -> None:
    """Raise TypeError for conditions that there are not, ValueError for words that none can be."""
    known = list(Conditions.__annotations__)
    for name, wanted in conditions.items():
        if name not in known:
            advice = meant(name, known) or f"There are {', '.join(known)}."
            raise TypeError(f"An execution has no condition {name!r}. {advice}")
        if name.endswith(("s_contain", "body_contains")):
            _check_texts(name, wanted)
        words = _WORDS.get(name)
        if words and isinstance(wanted, str) and wanted not in words:
            advice = meant(wanted, words) or f"There are: {', '.join(words)}."
            raise ValueError(f"No execution has the {name} {wanted!r}. {advice}")


def _check_texts(name: str, wanted: Any) -> None:
    for each in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if not isinstance(each.pattern if isinstance(each, re.Pattern) else each, str):
            raise TypeError(
                f"{name} is {wanted!r}, it must be a text, a pattern or a list of them."
            )


def missed(conditions: Mapping[str, Any], execution: Execution) -> dict[str, str]:
    """The conditions that do not hold, each with what there is instead."""
    found = {name: _miss(name, wanted, execution) for name, wanted in conditions.items()}
    return {name: text for name, text in found.items() if text}


def says(text: str, wanted: Text) -> bool:
    """Whether `text` contains what is wanted."""
    return next(_unsaid(text, wanted), None) is None


def _miss(name: str, wanted: Any, execution: Execution) -> str:
    """Why the condition does not hold, "" if it does."""
    return "\n".join(_misses(name, wanted, execution))


def _misses(name: str, wanted: Any, execution: Execution) -> Iterator[str]:
    subject, _, kind = name.partition("_contain")
    if subject in ("json", "request_json"):
        body = execution.body if subject == "json" else execution.request_body
        yield from _of_json(name, wanted, body, is_exact=name == subject)
    elif kind or name.endswith("_contain"):
        yield from _of_content(name, wanted, _text(subject, execution))
    elif name in ("body", "request_body"):
        yield from _of_body(name, wanted, getattr(execution, name))
    elif name == "event" and isinstance(wanted, str):
        if not _is_event(wanted, execution.event):
            yield f"event: {execution.event or 'none'} instead of {wanted}"
    else:
        yield from differences(wanted, getattr(execution, name), name)


def _of_json(name: str, wanted: Any, body: bytes, *, is_exact: bool) -> Iterator[str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        yield f"{name}: {_shown(_decoded(body))} is no JSON"
        return
    yield from differences(wanted, value, name, is_exact=is_exact)


def _of_content(name: str, wanted: Text, text: str) -> Iterator[str]:
    for each in _unsaid(text, wanted):
        sought = f"/{each.pattern}/" if isinstance(each, re.Pattern) else repr(each)
        yield f"{name}: {sought} is not in {_shown(text) if text else 'nothing'}"


def _of_body(name: str, wanted: Any, body: bytes) -> Iterator[str]:
    text = _decoded(body)
    if isinstance(wanted, str) and wanted != text and "\n" in wanted + text:
        yield f"{name} differs, - is wanted and + is there:"
        yield from _line_by_line(wanted, text)
    else:
        for each in body_differences(wanted, body):
            yield each.replace("body:", f"{name}:", 1)


def _line_by_line(wanted: str, text: str) -> Iterator[str]:
    lines = [
        line.rstrip("\n")
        for line in difflib.ndiff(wanted.splitlines(), text.splitlines())
        if not line.startswith("?")
    ]
    yield from lines[:_MOST]
    if len(lines) > _MOST:
        yield f"… {len(lines) - _MOST:,} lines more"


def _unsaid(text: str, wanted: Text) -> Iterator[str | re.Pattern[str]]:
    """What of the wanted the text does not contain."""
    for each in [wanted] if isinstance(wanted, str | re.Pattern) else wanted:
        is_there = each.search(text) if isinstance(each, re.Pattern) else each in text
        if not is_there:
            yield each


def _text(subject: str, execution: Execution) -> str:
    return {"body": execution.text, "logs": execution.logs, "errors": execution.errors}[subject]


def _is_event(wanted: str, event: str) -> bool:
    """Whether a function with `wanted` among its events is called by `event`."""
    words, parts = wanted.split("."), event.split(".")
    if not event or len(words) > len(parts):
        return wanted == event
    return all(word in ("*", part) for word, part in zip(words, parts, strict=False))


def _decoded(body: bytes) -> str:
    return body.decode("utf-8", "replace")


def _shown(text: str) -> str:
    return quoted(text, _LONG)
