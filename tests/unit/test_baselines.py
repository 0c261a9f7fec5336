"""What tests begin with is made once, and anew when what lies beneath it has changed."""

from __future__ import annotations

from typing import Any

from appwrite_emulator import state
from appwrite_emulator.client.baselines import Baseline, Baselines
from appwrite_emulator.services.control import Snapshot

EMPTY: dict[str, dict[str, Any]] = {}


def snapshot(id: str, **users: str) -> Snapshot:
    rows = {"users": {name: {"name": value} for name, value in users.items()}}
    return Snapshot(id, "", state.Snapshot(rows))


def test_a_baseline_is_found_on_top_of_the_same_rows() -> None:
    baselines, made = Baselines(), snapshot("made", ann="Ann")
    baselines.add(Baseline(("seed",), snapshot("before"), made))

    assert baselines.find(("seed",), snapshot("later")) is made
    assert baselines.find(("other",), snapshot("later")) is None


def test_a_baseline_is_not_found_when_a_fixture_has_made_more_beneath() -> None:
    baselines = Baselines()
    baselines.add(Baseline(("seed",), snapshot("before"), snapshot("made")))

    assert baselines.find(("seed",), snapshot("later", bob="Bob")) is None


def test_a_newer_baseline_of_the_same_terms_takes_the_place_of_the_older() -> None:
    baselines, first, second = Baselines(), snapshot("first"), snapshot("second")
    baselines.add(Baseline(("seed",), snapshot("before"), first))

    assert baselines.add(Baseline(("seed",), snapshot("later", bob="Bob"), second)) == [first]

    assert baselines.find(("seed",), snapshot("now", bob="Bob")) is second
    assert baselines.drop() == [second]
    assert baselines.drop() == []


def test_the_baseline_that_was_used_longest_ago_goes_when_there_are_too_many() -> None:
    baselines = Baselines()
    for number in range(64):
        assert not baselines.add(Baseline((number,), snapshot("0"), snapshot(str(number))))
    baselines.find((0,), snapshot("0"))

    gone = baselines.add(Baseline(("one more",), snapshot("0"), snapshot("one more")))

    assert [each.id for each in gone] == ["1"]
    assert baselines.find((0,), snapshot("0"))
    assert len(baselines.drop()) == 64
