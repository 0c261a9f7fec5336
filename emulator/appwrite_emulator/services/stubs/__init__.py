"""Stubs: declared answers of those services of Appwrite that are not emulated."""

from __future__ import annotations

from .call import StubCall
from .matching import Exactly
from .near import Unmatched
from .refused import StubRefused
from .reply import Answer, StubReply
from .stub import METHODS, Criteria, Stub
from .stubs import Raised, Stubs, StubUnknown, Taken

__all__ = [
    "METHODS",
    "Answer",
    "Criteria",
    "Exactly",
    "Raised",
    "Stub",
    "StubCall",
    "StubRefused",
    "StubReply",
    "StubUnknown",
    "Stubs",
    "Taken",
    "Unmatched",
]
