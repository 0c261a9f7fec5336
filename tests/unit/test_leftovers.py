"""What was left, in sentences and for programs."""

from __future__ import annotations

from appwrite_emulator.execution.premises import Litter
from appwrite_emulator.execution.remains import Remains
from appwrite_emulator.services.leftovers import Kept, LateCall, Leftovers
from appwrite_emulator.services.under_way import Work, WorkKind


def test_nothing_is_false_and_has_no_lines() -> None:
    assert not Leftovers()
    assert Leftovers().lines() == []
    assert not Leftovers(late={})


def test_each_thing_is_a_sentence() -> None:
    remains = Remains(
        key="p/d/1",
        pending={"Timeout": 2, "task": 1},
        processes=("sleep 60",),
        files=(Litter("tmp/a", 1500), Litter("cache", 2)),
        broken=("tmp/data",),
        is_mute=True,
    )
    left = Leftovers(
        works=(
            Work(WorkKind.EXECUTION, "p", "f", "e1"),
            Work(WorkKind.BUILD, "p", "f", "d1"),
            Work(WorkKind.WEBHOOK, "p", "", "1 to http://localhost/"),
        ),
        scheduled=(Work(WorkKind.EXECUTION, "p", "f", "e2"),),
        kept=(Kept("p", "f", remains),),
        late={LateCall("p", "f", "GET /v1/x"): 3, LateCall("p", "", "POST /v1/y"): 1},
    )
    assert left
    assert left.lines() == [
        "Execution e1 of function f was under way: it was ended.",
        "Build d1 of function f was under way: it was ended.",
        "Webhook 1 to http://localhost/ was under way: it was ended.",
        "Execution e2 of function f was still to come: it never will.",
        "Function f left 2 files of 1,502 bytes: tmp/a (1,500 bytes), cache (2 bytes).",
        "Function f went on after its answer, with 2 Timeout, 1 task: its process was replaced.",
        "Function f left processes running: sleep 60; they were ended.",
        "Function f changed what it had when it was loaded: tmp/data.",
        "Function f was busy after its answer: its process was replaced.",
        "Function f called GET /v1/x 3 times for what was over by then: it was refused.",
        "A client called POST /v1/y for what was over by then: it was refused.",
    ]
    told = left.to_json()
    assert told["lines"] == left.lines()
    assert told["functions"][0]["replaced"] is True
    assert told["lateCalls"][0]["count"] == 3


def test_of_many_files_some_are_named() -> None:
    files = tuple(Litter(f"tmp/{number}", 1) for number in range(7))
    (line,) = Leftovers(kept=(Kept("p", "f", Remains(key="", files=files)),)).lines()
    assert line.startswith("Function f left 7 files of 7 bytes: tmp/0 (1 bytes), ")
    assert line.endswith("tmp/4 (1 bytes), 2 more.")
