"""Terminals: what a stream can show, as far as it and the environment tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TextIO

from .paint import Paint

_NEW_VTE = 5000  # the first version whose terminals know links
_LINKING = {"iTerm.app", "WezTerm", "vscode", "ghostty", "Hyper"}


class Terminal(NamedTuple):
    """What can be shown. A stream that is no terminal gets lines and nothing else."""

    is_live: bool = False  # the cursor may be moved
    has_colours: bool = False
    has_links: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str]) -> Terminal:
        """What `stream` can show; NO_COLOR takes the colours away."""
        is_live = stream.isatty() and environ.get("TERM") != "dumb"
        has_colours = is_live and not environ.get("NO_COLOR")
        return cls(is_live, has_colours, has_colours and _knows_links(environ))

    def paint(self) -> Paint:
        """Styles as it can show them."""
        return Paint(has_colours=self.has_colours, has_links=self.has_links)


def _knows_links(environ: Mapping[str, str]) -> bool:
    """Whether it is one of those that are known to show links of text."""
    version = environ.get("VTE_VERSION", "")
    return (
        environ.get("TERM_PROGRAM") in _LINKING
        or "kitty" in environ.get("TERM", "")
        or "WT_SESSION" in environ
        or (version.isdecimal() and int(version) >= _NEW_VTE)
    )
