"""What is watched under one key, and what was noticed of it and not told yet."""

from __future__ import annotations

from collections.abc import Callable

from .ears import Sound
from .looking import Sight
from .scope import Places, Scope

_QUIET = 0.02  # seconds: saving one file makes 3 to 10 events within 7 ms
_LONGEST = 0.25  # seconds


class Watched:
    """One scope under way. But for `is_wanted` it belongs to the thread of the lookout."""

    __slots__ = ("_due", "_first", "is_stale", "is_wanted", "on_change", "places", "scope", "sight")

    def __init__(self, scope: Scope, on_change: Callable[[], None]) -> None:
        self.scope = scope
        self.on_change = on_change
        self.is_wanted = True
        self.is_stale = False  # its places have to be walked anew
        self.places: Places | None = None
        self.sight: Sight | None = None  # when it is looked at, because it cannot be heard
        self._first: float | None = None
        self._due = 0.0

    @property
    def due(self) -> float | None:
        """When a change must be told, on the monotonic clock; None when there is none to tell."""
        return None if self._first is None else self._due

    def change(self, now: float, *, is_whole: bool = True) -> None:
        """Something changed: it is told after some quiet.

        What is not whole yet gets a little time to become it.
        """
        if self._first is None:
            self._first, self._due = now, now + _LONGEST
        if is_whole:
            self._due = min(now + _QUIET, self._first + _LONGEST)

    def change_at_once(self, now: float) -> None:
        """Tell without waiting for quiet."""
        self._first = self._due = now

    def tell(self) -> None:
        """Call `on_change`, if somebody still wants that. In the event loop."""
        if self.is_wanted:
            self.on_change()

    def told(self) -> None:
        """Nothing is left to tell."""
        self._first = None

    def hear(self, sound: Sound, *, is_link: bool, is_partial: bool, now: float) -> None:
        """Judge a sound from one of the places; the flags are about what is called so now."""
        places = self.places
        if places is None:
            return
        is_named = places.has_name(sound.folder, sound.name)
        is_itself = not sound.name
        if not (is_named or is_itself or self._counts(places, sound)):
            return
        if is_named or is_itself or sound.is_folder or (sound.has_appeared and is_link):
            self.is_stale = True
        self.change(now, is_whole=is_named or not (sound.is_new and is_partial))

    @staticmethod
    def _counts(places: Places, sound: Sound) -> bool:
        if sound.is_folder:
            return not places.passes(sound.folder, sound.name)
        return sound.folder in places.folders
