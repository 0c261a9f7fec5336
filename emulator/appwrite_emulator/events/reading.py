"""Reading the full name of an event: the pattern it follows and the ids in it."""

from __future__ import annotations

import re
from typing import NamedTuple

from ..near import meant
from .vocabulary import Word, fired

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}", re.ASCII)
_SHOWN = 100  # letters of a name that an error repeats
# Placeholders that are not called after the word before them.
_THINGS = {
    "recovery": "token",
    "verification": "token",
    "identities": "identity",
    "indexes": "index",
    "tablesdb": "database",
    "documentsdb": "database",
    "vectorsdb": "database",
}


class EventRefused(ValueError):
    """Not an event that can be told; the text says what is wrong where, and what there is."""


class Named(NamedTuple):
    """What a name says."""

    pattern: str  # such as users.[userId].update.email
    params: dict[str, str]  # the ids by their placeholders, the outermost first


def read(name: str) -> Named:
    """What the full name of an event, such as `users.ann.update.email`, says.

    An id with a dot in it is not told from two parts. Raises EventRefused for patterns and for
    events that Appwrite does not have.
    """
    if not isinstance(name, str) or not name:
        raise EventRefused("An event has a name such as users.ann.create.")
    parts = name.split(".")
    if "" in parts:
        raise _refused(name, "a part of it is empty")
    if "*" in parts:
        raise _refused(name, "functions listen to patterns, an event has an id in place of each *")
    word, place = fired(), 0
    pattern: list[str] = []
    params: dict[str, str] = {}
    while (following := _next(name, parts, place, word)).takes_id:
        thing = _THINGS.get(parts[place], parts[place].removesuffix("s"))
        params[f"{thing}Id"] = _id(name, parts, place + 1)
        pattern += [parts[place], f"[{thing}Id]"]
        word, place = following, place + 2
    if len(parts) > place + 1:
        _require_attribute(name, parts, place, following)
    return Named(".".join(pattern + parts[place:]), params)


def _next(name: str, parts: list[str], place: int, word: Word) -> Word:
    """The word at `place`, one of those that may follow `word`."""
    here = f"'{parts[place - 2]}' has" if place else "Events begin with"
    if place == len(parts):
        raise _refused(name, f"it does not say what happened. {_choice(here, word)}")
    following = word.words.get(parts[place])
    if following is None:
        part = _short(parts[place])
        what = f"{here} no {part}" if place else f"none begins with {part}"
        raise _refused(name, f"{what}.{_near(parts[place], word)} {_choice(here, word)}")
    return following


def _id(name: str, parts: list[str], place: int) -> str:
    if place == len(parts):
        raise _refused(name, f"an id follows '{parts[-1]}'")
    if not _ID.fullmatch(parts[place]):
        raise _refused(
            name,
            f"{_short(parts[place])} cannot be an id, which has at most 255 letters, digits, _ "
            "and -, the first a letter or a digit",
        )
    return parts[place]


def _require_attribute(name: str, parts: list[str], place: int, action: Word) -> None:
    attribute = parts[place + 1]
    here = f"'{parts[place]}'"
    if not action.words:
        raise _refused(name, f"nothing follows {here}")
    if attribute not in action.words:
        near = _near(attribute, action)
        choice = _choice(f"{here} has", action)
        raise _refused(name, f"{here} has no {_short(attribute)}.{near} {choice}")
    if len(parts) > place + 2:
        raise _refused(name, f"nothing follows '{attribute}'")


def _near(part: str, word: Word) -> str:
    advice = meant(part, word.words)
    return f" {advice}" if advice else ""


def _choice(here: str, word: Word) -> str:
    names = [f"{each}.ID" if below.takes_id else each for each, below in word.words.items()]
    return f"{here} {', '.join(sorted(names))}."


def _refused(name: str, reason: str) -> EventRefused:
    end = "" if reason.endswith(".") else "."
    return EventRefused(f"There is no event {_short(name)}: {reason}{end}")


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}...")
