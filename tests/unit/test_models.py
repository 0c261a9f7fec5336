"""Records as rows and back, and who may do what."""

from __future__ import annotations

import random
import re
import time
from typing import Any

import pytest

from appwrite_emulator.models import (
    Caller,
    Deployment,
    DeploymentStatus,
    Execution,
    ExecutionStatus,
    Function,
    Record,
    Variable,
    attribute,
    row_key,
    unique_id,
)

_BORN: dict[str, Any] = {
    "id": "x",
    "project": "p",
    "created_at": "c",
    "updated_at": "u",
    "sequence": 7,
}


@pytest.mark.parametrize(
    "record",
    [
        Function(**_BORN, name="n", runtime="node-22", execute=("any",), scopes=("a", "b")),
        Variable(**_BORN, key="K", value="v", secret=True, resource_id="f"),
        Deployment(**_BORN, received=((0, 5), (9, 12)), status=DeploymentStatus.BUILDING),
        Execution(**_BORN, function_id="f", request_headers=(("a", "b"),), scheduled_at="s"),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_row_becomes_the_record_it_was_made_of(record: Record) -> None:
    row = record.to_row()
    assert (row["$id"], row["$createdAt"], row["$sequence"], row["project"]) == ("x", "c", 7, "p")
    assert type(record).from_row(row) == record


def test_a_row_of_an_older_emulator_takes_the_defaults() -> None:
    row = Function(**_BORN, name="n", runtime="node-22").to_row()
    del row["timeout"]
    assert Function.from_row({**row, "unknown": 1}).timeout == 15


@pytest.mark.parametrize(
    ("name", "key"),
    [("id", "$id"), ("created_at", "$createdAt"), ("function_id", "functionId"), ("name", "name"),
     ("response_status_code", "responseStatusCode")],
)  # fmt: skip
def test_attributes_and_keys_name_each_other(name: str, key: str) -> None:
    assert row_key(name) == key
    assert attribute(key) == name


def test_ids_are_twenty_hex_digits_in_order_of_time() -> None:
    ids = [unique_id() for _ in range(100)]
    assert all(re.fullmatch("[0-9a-f]{20}", id) for id in ids)
    assert len(set(ids)) == 100
    assert [id[:13] for id in ids] == sorted(id[:13] for id in ids)


def test_only_the_last_states_are_final() -> None:
    assert [status for status in DeploymentStatus if status.is_final] == [
        "ready", "failed", "canceled",
    ]  # fmt: skip
    assert [status for status in ExecutionStatus if status.is_final] == ["completed", "failed"]


def test_one_of_the_wanted_scopes_is_enough() -> None:
    caller = Caller("p", scopes=frozenset({"execution.read"}))
    assert caller.has_scope("executions.read", "execution.read")
    assert not caller.has_scope("functions.read")
    assert Caller("p", scopes=None).has_scope("anything")
    assert not Caller("p").has_scope("anything")


def test_ids_are_different_and_nobodys_random_numbers_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random.seed(7)
    expected = [random.random() for _ in range(3)]
    random.seed(7)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    ids = [unique_id() for _ in range(20_000)]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids, key=lambda id: id[:13]), "13 digits of time, which goes on"
    assert {len(id) for id in ids} == {20}
    assert [random.random() for _ in range(3)] == expected


def test_an_id_tells_when_it_was_made() -> None:
    assert abs(int(unique_id()[:8], 16) - time.time()) < 3600
