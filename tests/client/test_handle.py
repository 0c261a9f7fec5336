"""What a test does with the emulator as a whole."""

from __future__ import annotations

from datetime import datetime

import pytest

from appwrite_emulator import Appwrite, Emulator, FunctionFailed, Refused, isolated
from appwrite_emulator.errors import Era
from appwrite_emulator.events import EventRefused
from appwrite_emulator.services.under_way import NotSettled

SLOW = """
    import asyncio

    async def main(context):
        await asyncio.sleep(60)
"""
READS = """
    import json
    import os
    from urllib.request import Request, urlopen

    def main(context):
        url = os.environ["APPWRITE_FUNCTION_API_ENDPOINT"]
        path = "/databases/main/collections/posts/documents"
        headers = {
            "x-appwrite-project": os.environ["APPWRITE_FUNCTION_PROJECT_ID"],
            "x-appwrite-key": context.req.headers["x-appwrite-key"],
        }
        with urlopen(Request(url + path, headers=headers)) as reply:
            return context.res.json(json.load(reply))
"""


def test_an_event_calls_who_listens(appwrite: Appwrite) -> None:
    for each in appwrite.functions.values():
        each.update(events=["buckets.*.files.*.create"])

    called = appwrite.fire("buckets.cakes.files.1.create", {"name": "tart.jpg"}, user="ann")

    assert sorted(each.function for each in called) == ["node", "python"]
    assert {each.event for each in called} == {"buckets.cakes.files.1.create"}
    assert {each.user for each in called} == {"ann"}
    assert [each.json()["body"] for each in called] == ['{"name":"tart.jpg"}'] * 2


def test_an_event_need_not_be_waited_for(appwrite: Appwrite) -> None:
    appwrite.functions["node"].update(events=["users.*.create"])

    (begun,) = appwrite.fire("users.ann.create", wait=False)

    assert appwrite.finished(begun).json()["trigger"] == "event"


def test_a_wrong_event_is_refused(appwrite: Appwrite) -> None:
    with pytest.raises(EventRefused):
        appwrite.fire("bakery.open")


def test_settle_returns_what_it_waited_for(appwrite: Appwrite) -> None:
    begun = appwrite.functions["python"].call(wait=False)
    appwrite.settle()

    assert [each.status for each in appwrite.executions()] == ["completed"]
    assert appwrite.executions()[0].id == begun.id
    assert appwrite.settle() == []


def test_waiting_ends(emulator: Emulator) -> None:
    with isolated(emulator, timeout=0.05) as appwrite:
        (slow,) = appwrite.deploy(files={"main.py": SLOW}, id="slow", timeout=100)
        begun = slow.call(wait=False)
        with pytest.raises(NotSettled, match=f"execution {begun.id} of function slow"):
            appwrite.finished(begun)
        with pytest.raises(NotSettled, match="slow"):
            appwrite.settle()


def test_a_snapshot_brings_back_what_was(appwrite: Appwrite) -> None:
    function = appwrite.functions["node"]
    function.call()
    snapshot = appwrite.snapshot()

    function.variables["FLOUR"] = "rye"
    appwrite.functions["python"].delete()
    snapshot.restore()
    assert (list(appwrite.functions), dict(function.variables)) == (["python", "node"], {})
    function.delete()
    snapshot.restore()

    assert len(function.executions()) == 1
    assert function.call().status == "completed"


def test_a_snapshot_is_restored_at_the_end_of_a_with(appwrite: Appwrite) -> None:
    with appwrite.snapshot():
        appwrite.functions["node"].delete()
    assert "node" in appwrite.functions


def test_an_error_leaves_a_with_restored_and_is_the_one_told(appwrite: Appwrite) -> None:
    node = appwrite.functions["node"]
    with pytest.raises(FunctionFailed) as caught, appwrite.snapshot():
        node.call(path="/throw")

    assert caught.value.execution.path == "/throw"
    assert node.executions() == []


def test_snapshots_go_with_their_test(emulator: Emulator) -> None:
    known = len(emulator.control.snapshots())
    with isolated(emulator) as appwrite:
        appwrite.snapshot()
        assert len(emulator.control.snapshots()) > known
    assert len(emulator.control.snapshots()) == known


def test_a_reset_goes_back_to_how_the_test_began(emulator: Emulator) -> None:
    def seed(appwrite: Appwrite) -> None:
        appwrite.user("ann", labels=["vip"])
        appwrite.functions["node"].update(execute=["label:vip"])

    with isolated(emulator, seed=seed) as appwrite:
        appwrite.functions["node"].call(user="ann")
        appwrite.user("ann", labels=[])
        appwrite.functions["python"].delete()
        appwrite.reset()

        assert appwrite.executions() == []
        assert "python" in appwrite.functions
        assert appwrite.functions["node"].call(user="ann").user == "ann"


def test_what_has_failed_is_told_before_it_is_forgotten(appwrite: Appwrite) -> None:
    node = appwrite.functions["node"]
    node.update(events=["users.*.create"])
    appwrite.fire("users.ann.create")
    node.call(path="/throw", wait=False)
    appwrite.settle()

    with pytest.raises(FunctionFailed):
        appwrite.reset()
    appwrite.reset()
    assert appwrite.executions() == []


def test_a_key_is_made_anew_after_a_reset(appwrite: Appwrite) -> None:
    people = appwrite._people
    first = people.key(["functions.read"])
    assert people.key(["functions.read"]) == first
    assert people.key(["users.read"]) != first

    appwrite.reset()

    assert people.key(["functions.read"]) != first


def test_the_clock_is_moved(appwrite: Appwrite) -> None:
    clock = appwrite.clock
    clock.freeze("2030-01-01T00:00Z")
    assert (clock.now.isoformat(), clock.frozen) == ("2030-01-01T00:00:00+00:00", True)
    assert repr(clock) == "<Clock 2030-01-01T00:00:00+00:00, frozen>"
    appwrite.functions["node"].update(schedule="0 * * * *")

    journey = clock.advance(hours=3)

    assert (journey.end.hour, journey.acted["schedule"]) == (3, 3)
    assert len(appwrite.executions("node", trigger="schedule")) == 3
    clock.set(datetime(2031, 1, 1))
    assert clock.now.year == 2031
    clock.resume()
    assert not clock.frozen
    clock.freeze()
    assert clock.frozen


def test_the_clock_does_not_go_back_by_an_advance(appwrite: Appwrite) -> None:
    with pytest.raises(ValueError, match="advances forward only"):
        appwrite.clock.advance(hours=-1)


def test_the_handle_says_where_it_is(appwrite: Appwrite, emulator: Emulator) -> None:
    assert (appwrite.endpoint, appwrite.project) == (emulator.endpoint, emulator.project)
    assert repr(appwrite) == f"<Appwrite project '{emulator.project}' at {emulator.endpoint}>"
    assert repr(appwrite.functions) == "<Functions python, node>"
    assert repr(appwrite.functions["node"]) == "Function('node')"


def test_stubs_answer_what_is_not_emulated(appwrite: Appwrite) -> None:
    posts = appwrite.stub.get("/databases/main/collections/posts/documents")
    posts.json({"total": 0, "documents": []})
    (reader,) = appwrite.deploy(files={"main.py": READS}, id="reader", scopes=["documents.read"])

    assert reader.call().json() == {"total": 0, "documents": []}
    assert [each.function for each in posts.calls] == ["reader"]


@pytest.mark.parametrize("era", ["1.6", "1.9"])
def test_a_handle_works_in_both_eras(era: Era) -> None:
    code = "def main(context):\n    return context.res.text(context.req.path)\n"
    with Emulator(port=0, appwrite=era) as emulator, isolated(emulator) as appwrite:
        (greet,) = appwrite.deploy(files={"main.py": code}, id="greet")
        greet.update(timeout=4, execute=["label:vip"], schedule="0 0 1 1 *")
        appwrite.user("ann", labels=["vip"], teams={"staff": ["owner"]})
        greet.variables["A"] = "1"

        assert greet.call(path="/a", user="ann").text == "/a"
        assert appwrite.finished(greet.call(path="/b", wait=False)).text == "/b"
        assert greet.run_schedule().text == "/"
        with pytest.raises(Refused):
            greet.call(guest=True)
        greet.update(execute=["any"])
        assert greet.visit("/c").text == "/c"
        assert len(greet.executions()) == 4
