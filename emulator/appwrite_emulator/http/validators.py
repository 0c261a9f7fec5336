"""What a parameter may be, in Appwrite's words: one small class per kind of value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Protocol

from .. import cron, events
from ..clock import stamp
from ..declared import scope_names
from ..query import read_date

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}", re.ASCII)


class Validator(Protocol):
    """Decides about one value. Texts and rules are those of Appwrite 1.6.2 and 1.9.6."""

    @property
    def text(self) -> str:
        """What the value must be, as errors say it."""
        ...

    def clean(self, value: Any) -> Any:
        """`value` as the service wants it. Raises ValueError with a text to show."""
        ...


@dataclass(frozen=True, slots=True)
class Uid:
    """The id of something that exists."""

    text: str = (
        "UID must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, and underscore. "
        "Can't start with a leading underscore"
    )

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and _ID.fullmatch(value):
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class CustomId:
    """An id the caller chooses, or `unique()`, which the service replaces by a new one."""

    text: str = (
        "Parameter must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, period, hyphen, "
        "and underscore. Can't start with a special char"
    )

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and (value == "unique()" or _ID.fullmatch(value)):
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Text:
    """A string of `min` to `max` characters."""

    max: int
    min: int = 1

    @property
    def text(self) -> str:
        least = f" and at least {self.min} chars" if self.min else ""
        return f"Value must be a valid string{least} and no longer than {self.max} chars"

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and self.min <= len(value) <= self.max:
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Raw:
    """A text, or the bytes a multipart request carried, of at most `max` characters or bytes."""

    max: int

    @property
    def text(self) -> str:
        return Text(self.max, 0).text

    def clean(self, value: Any) -> str | bytes:
        if isinstance(value, str | bytes) and len(value) <= self.max:
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false; when `loose`, also as the texts and numbers that forms and URLs carry."""

    loose: bool = False
    text: str = "Value must be a valid boolean"

    def clean(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if self.loose and type(value) in (str, int):
            if value in ("true", "1", 1):
                return True
            if value in ("false", "0", 0):
                return False
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Range:
    """A whole number from `low` to `high`, both included; also as a text."""

    low: int
    high: int

    @property
    def text(self) -> str:
        return f"Value must be a valid range between {self.low:,} and {self.high:,}"

    def clean(self, value: Any) -> int:
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?\d{1,19}\s*", value, re.ASCII):
            value = int(value)
        if type(value) is int and self.low <= value <= self.high:
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class WhiteList:
    """One of `values`, case and all; when `loose`, also in capitals."""

    values: Sequence[str]
    loose: bool = False

    @property
    def text(self) -> str:
        return f"Value must be one of ({', '.join(self.values)})"

    def clean(self, value: Any) -> str:
        if isinstance(value, str):
            wanted = value.lower() if self.loose else value
            if wanted in self.values:
                return wanted
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """A list of at most `max` values that `inner` accepts; cleaned to a tuple."""

    inner: Validator
    max: int = 100

    @property
    def text(self) -> str:
        return self._wrap(self.inner.text)

    def clean(self, value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) > self.max:
            raise ValueError(self.text)
        try:
            return tuple(map(self.inner.clean, value))
        except ValueError as exc:
            raise ValueError(self._wrap(str(exc))) from exc

    def _wrap(self, text: str) -> str:
        return f"Value must a valid array no longer than {self.max} items and {text}"


@dataclass(frozen=True, slots=True)
class Nullable:
    """What `inner` accepts, or null."""

    inner: Validator

    @property
    def text(self) -> str:
        return f"{self.inner.text} or null"

    def clean(self, value: Any) -> Any:
        if value is None:
            return None
        try:
            return self.inner.clean(value)
        except ValueError as exc:
            raise ValueError(f"{exc} or null") from exc


@dataclass(frozen=True, slots=True)
class EmptyOr:
    """What `inner` accepts, or an empty text."""

    inner: Validator

    @property
    def text(self) -> str:
        return self.inner.text

    def clean(self, value: Any) -> Any:
        return value if value == "" else self.inner.clean(value)


@dataclass(frozen=True, slots=True)
class Object:
    """A JSON object of at most 64 kB, as PHP writes it."""

    text: str = "Value must be a valid object."

    def clean(self, value: Any) -> dict[str, Any]:
        cleaned = _as_object(value, self.text)
        written = json.dumps(cleaned, separators=(",", ":"))
        if len(written) + written.count("/") > 65535:
            raise ValueError(self.text)
        return cleaned


def _as_object(value: Any, text: str) -> dict[str, Any]:
    """`[]` counts as an empty one: PHP cannot tell them apart."""
    if value == []:
        return {}
    if isinstance(value, dict):
        return value
    raise ValueError(text)


@dataclass(frozen=True, slots=True)
class HeadersParam:
    """The shape of an execution's `headers`: an object, or the JSON text of one."""

    text: str = "Value must be a valid object."

    def clean(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str) and len(value) <= 65535:
            try:
                value = json.loads(value or "{}")
            except (ValueError, RecursionError) as exc:
                raise ValueError(self.text) from exc
        return _as_object(value, self.text)


@dataclass(frozen=True, slots=True)
class ExecutionHeaders:
    """The names and sizes of an execution's `headers`, checked after the other parameters."""

    text: str = (
        "Invalid headers: Alphanumeric characters or hyphens only, cannot start with "
        '"x-appwrite", maximum 100 keys, and total size 16384.'
    )

    def clean(self, value: Mapping[str, Any]) -> dict[str, str]:
        headers = {name: self._content(content) for name, content in value.items()}
        size = sum(len(name.encode()) + len(text.encode()) for name, text in headers.items())
        if len(headers) > 100 or size >= 16384 or not all(map(self._is_name, headers)):
            raise ValueError(self.text)
        return headers

    def _content(self, value: Any) -> str:
        if not isinstance(value, str | int | float | None):
            raise ValueError(self.text)
        if value is None or value is False:
            return ""
        return "1" if value is True else str(value)

    def _is_name(self, name: str) -> bool:
        # Upstream compares case: `X-Appwrite-...` passes, and the injected headers still win.
        valid = re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?", name)
        return valid is not None and not name.startswith("x-appwrite-")


@dataclass(frozen=True, slots=True)
class ScheduledAt:
    """A date with minute precision, more than a minute after `now`; naive texts mean UTC."""

    now: datetime
    text: str = "Execution schedule must be a valid date, and at least 1 minute from now"

    def clean(self, value: Any) -> datetime:
        moment = read_date(value) if isinstance(value, str) else None
        if moment is None or not re.search(r"\b\d{4}\b", value):
            raise ValueError(self.text)
        moment -= timedelta(microseconds=moment.microsecond % 1000)  # unseen by PHP's validator
        if moment.second or moment.microsecond or moment <= self.now + timedelta(seconds=60):
            raise ValueError(self.text)
        return moment


@dataclass(frozen=True, slots=True)
class Date:
    """A moment; cleaned to the text that rows hold. Naive texts mean UTC."""

    text: str = "Value must be valid date."

    def clean(self, value: Any) -> str:
        moment = read_date(value) if isinstance(value, str) else None
        if moment is None:
            raise ValueError(self.text)
        return stamp(moment)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields that will run some day, or nothing."""

    text: str = "String must be a valid cron expression"

    def clean(self, value: Any) -> str:
        if value == "" or (isinstance(value, str) and cron.is_valid(value)):
            return str(value)
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class FunctionEvent:
    """A name of an event that functions may subscribe to."""

    text: str = "Event is not valid."

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and value.startswith("functions."):
            raise ValueError("Triggering a function on a function event is not allowed.")
        if isinstance(value, str) and events.is_valid(value):
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Specification:
    """One of the sizes a function can have."""

    slugs: Sequence[str]

    @property
    def text(self) -> str:
        return f"Specification must be one of: {', '.join(self.slugs)}"

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and value in self.slugs:
            return value
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Queries:
    """The shape of `queries`; what the texts say is for the query module."""

    text: str = "Queries must be an array"

    def clean(self, value: Any) -> tuple[str, ...]:
        if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
            return tuple(value)
        raise ValueError(self.text)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text that matches the regular expression `regex` as a whole; else an error says `text`."""

    regex: str
    text: str

    def clean(self, value: Any) -> str:
        if isinstance(value, str) and re.fullmatch(self.regex, value, re.ASCII):
            return value
        raise ValueError(self.text)


def key(max: int = 36) -> Pattern:
    """A name of at most `max` characters, as ids are made."""
    text = CustomId().text.replace("36", str(max))
    return Pattern(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{max - 1}}}", text)


LABEL = Pattern(
    r"[A-Za-z0-9]{1,36}",
    "Value must be a valid string between 1 and 36 chars containing only alphanumeric chars",
)
USER_LABEL = Pattern(
    LABEL.regex,
    f"{Text(36).text} and only consist of "
    f"'{', '.join(digits + ascii_uppercase + ascii_lowercase)}' chars",
)


def scopes() -> ArrayOf:
    """The scopes of a function: names known to either era."""
    return ArrayOf(WhiteList(scope_names()))
