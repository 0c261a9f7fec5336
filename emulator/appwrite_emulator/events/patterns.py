"""Patterns of events: which ones a function may subscribe to."""

from __future__ import annotations

from .vocabulary import Word, fired, subscribable


def is_valid(pattern: str) -> bool:
    """Whether a function may name `pattern` among its events, by name alone.

    `functions.*` names are valid here; that functions may not subscribe to them is for the caller
    to say. Ids are never checked. Source: Appwrite 1.6.2 and 1.9.6, whose checks have holes that
    are kept, except that `databases.*.collections.*.documents.*.upsert` is let in.
    """
    return _is_in(subscribable(), pattern)


def is_known(pattern: str) -> bool:
    """Whether an event can go out under `pattern`: also one that Appwrite fires undeclared."""
    return _is_in(fired(), pattern)


def _is_in(vocabulary: Word, pattern: str) -> bool:
    parts = pattern.split(".")
    if not 2 <= len(parts) <= 7 or any(part in ("", "0") for part in parts[:2]):
        return False
    root = vocabulary.words.get(parts[0])
    if root is None:
        return False
    sub = root.words.get(parts[2]) if len(parts) > 2 else None
    if len(parts) <= 3 or sub is None or not sub.takes_id:
        return _is_action(root, parts[2:4] if len(parts) == 4 else parts[2:3])
    leaf = sub.words.get(parts[4]) if len(parts) > 4 else None
    if len(parts) <= 5 or leaf is None or not leaf.takes_id:
        return _is_action(sub, parts[4:6] if len(parts) == 6 else parts[4:5])
    # Upstream looks the last word up one level too high, and so knows no upsert of documents.
    return not parts[6:] or parts[6] in sub.words or parts[6] == "upsert" in leaf.words


def _is_action(word: Word, path: list[str]) -> bool:
    """Whether `path` (an action or a sub-resource, then an attribute; or nothing) follows."""
    for part in path:
        if part not in word.words:
            return False
        word = word.words[part]
    return True
