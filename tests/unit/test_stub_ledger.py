"""The ledger of stubs: how much it keeps."""

from __future__ import annotations

from appwrite_emulator.services.stubs import StubCall
from appwrite_emulator.services.stubs.ledger import Ledger


def call(name: str, size: int = 0, project: str = "shop") -> StubCall:
    return StubCall(project, "GET", name, {}, {}, b"x" * size)


def test_the_oldest_calls_go_first() -> None:
    ledger = Ledger[StubCall](lambda call: call, most=2)
    for name in "abc":
        ledger.add(call(name))
    assert [each.path for each in ledger.of()] == ["b", "c"]


def test_large_bodies_make_room_for_new_ones_and_the_last_stays() -> None:
    ledger = Ledger[StubCall](lambda call: call, room=100)
    for name, size in (("a", 60), ("b", 40), ("c", 1)):
        ledger.add(call(name, size))
    assert [each.path for each in ledger.of()] == ["b", "c"]
    ledger.add(call("d", 101))
    assert [each.path for each in ledger.of()] == ["d"]


def test_each_project_is_told_and_forgotten_by_itself() -> None:
    ledger = Ledger[StubCall](lambda call: call, room=100)
    ledger.add(call("a", 60))
    ledger.add(call("b", 40, project="other"))
    assert [each.path for each in ledger.of("other")] == ["b"]
    ledger.clear("shop")
    ledger.add(call("c", 60))
    assert [each.path for each in ledger.of()] == ["b", "c"]
    ledger.clear()
    assert ledger.of() == []
