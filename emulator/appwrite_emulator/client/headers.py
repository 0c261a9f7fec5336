"""Headers of a request or an answer, found by their names in any case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping


class Headers(Mapping[str, str]):
    """Names in lower case; of several lines with one name, the last."""

    def __init__(self, lines: Iterable[tuple[str, str]] = ()) -> None:
        self.lines = tuple((name.lower(), value) for name, value in lines)
        self._values = dict(self.lines)

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __repr__(self) -> str:
        return f"Headers({self._values!r})"

    def all(self, name: str) -> list[str]:
        """The values of all lines with that name, such as `set-cookie`."""
        return [value for known, value in self.lines if known == name.lower()]
