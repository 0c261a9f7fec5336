"""Each test ends where it began: rows, time, snapshots; and says what it has left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from appwrite_emulator import Appwrite, Emulator, FunctionFailed, ManualClock, isolated
from appwrite_emulator.client.api import Api, Refused
from appwrite_emulator.client.functions import FunctionUnknown
from appwrite_emulator.client.isolation import Session
from appwrite_emulator.client.keeping import NotKept, keep
from appwrite_emulator.client.seeding import SeedForeign
from appwrite_emulator.client.stage import HandleOver
from appwrite_emulator.client.terms import Terms, TermsRefused

HELLO = 'def main(context):\n    return context.res.text("hello")\n'
MOMENT = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(port=0, memory=True) as emulator:
        yield emulator


@pytest.fixture
def session(emulator: Emulator) -> Iterator[Session]:
    session = Session(emulator)
    yield session
    session.close()
    assert not emulator.control.snapshots(), "nothing is remembered that nobody needs"
    assert not list(emulator.in_loop(emulator.services.functions.every))


def hourly(appwrite: Appwrite) -> None:
    """A seed with a function that has a schedule."""
    appwrite.deploy(files={"main.py": HELLO}, id="hello", schedule="0 * * * *")


def keys(appwrite: Appwrite) -> None:
    """A seed with a function that tells the key it is given."""
    source = (
        "def main(context):\n    return context.res.text(context.req.headers['x-appwrite-key'])"
    )
    appwrite.deploy(files={"main.py": source}, id="keys")


def test_a_way_back_from_the_past_lets_nothing_happen(session: Session, emulator: Emulator) -> None:
    with session.test(Terms(seed=hourly)) as appwrite:
        with Session(emulator).test(Terms(clock=MOMENT)) as past:
            assert past.clock.now == MOMENT
        assert abs((appwrite.clock.now - datetime.now(UTC)).total_seconds()) < 5
        assert not appwrite.clock.frozen
        appwrite.settle()
        assert appwrite.executions() == []


def test_a_way_back_from_the_future_sets_schedules_from_now_on(
    session: Session, emulator: Emulator
) -> None:
    with session.test(Terms(seed=hourly)) as appwrite:
        with Session(emulator).test(Terms()) as future:
            future.clock.advance(hours=2)
            assert len(future.executions()) == 2
        (due,) = [
            each.moment for each in emulator.services.ground.timers.all() if each.kind == "schedule"
        ]
        assert appwrite.clock.now < due < appwrite.clock.now + timedelta(hours=1, seconds=5)
        appwrite.clock.advance(hours=1)
        assert len(appwrite.executions()) == 1


def test_a_given_clock_is_left_as_it_was() -> None:
    with Emulator(port=0, memory=True, clock=ManualClock(MOMENT)) as emulator:
        with isolated(emulator, clock="2031-01-01") as appwrite:
            appwrite.clock.advance(days=3)
        assert emulator.clock.now() == MOMENT


def test_a_seed_is_sown_once_for_tests_that_begin_alike(session: Session) -> None:
    sown = []

    def seed(appwrite: Appwrite) -> None:
        sown.append(appwrite.deploy(files={"main.py": HELLO}, id="hello"))

    for _ in range(2):
        with session.test(Terms(seed=seed)) as appwrite:
            assert list(appwrite.functions) == ["hello"]
            appwrite.functions["hello"].delete()

    assert len(sown) == 1


def test_a_reset_goes_back_to_the_seed(session: Session) -> None:
    with session.test(Terms(seed=hourly)) as appwrite:
        appwrite.functions["hello"].delete()
        appwrite.reset()
        assert appwrite.functions["hello"].call().text == "hello"


def test_a_reset_in_a_seed_goes_back_to_before_it(session: Session) -> None:
    def seed(appwrite: Appwrite) -> None:
        appwrite.functions["hello"].update(timeout=3)
        appwrite.deploy(files={"main.py": HELLO}, id="other")
        appwrite.reset()

    with session.test(Terms(seed=hourly)), session.test(Terms(seed=seed)) as appwrite:
        assert list(appwrite.functions) == ["hello"]


BROKEN = "def main(context):\n    raise ValueError('broken')\n"


@pytest.mark.parametrize("is_before", [True, False])
def test_a_test_within_another_hides_nothing_of_it(emulator: Emulator, is_before: bool) -> None:
    def fail(appwrite: Appwrite) -> None:
        appwrite.functions["broken"].call(wait=False)
        appwrite.settle()

    with Session(emulator).test(Terms()) as appwrite:
        appwrite.deploy(files={"main.py": BROKEN}, id="broken")
        if is_before:
            fail(appwrite)
        with isolated(emulator, strict=False) as within:
            fail(within)
            assert within.report().count("broken threw") == 1
        if not is_before:
            fail(appwrite)
        with pytest.raises(FunctionFailed, match="broken"):
            appwrite.check()


def test_stubs_of_a_seed_do_not_stay(session: Session, emulator: Emulator) -> None:
    def seed(appwrite: Appwrite) -> None:
        appwrite.stub.get("/databases/main").json({})
        assert Api.of(emulator).ask("GET", "/databases/main") == {}

    for _ in range(2):
        with session.test(Terms(seed=seed)), pytest.raises(Refused, match="databases"):
            Api.of(emulator).ask("GET", "/databases/main")


def test_what_a_test_leaves_is_told_and_gone(session: Session) -> None:
    with session.test(Terms(seed=hourly)) as appwrite:
        execution = appwrite.functions["hello"].call(at="2999-01-01T00:00Z")

    (line,) = session.leftovers
    assert execution.id in line
    assert "of function hello" in line

    with session.test(Terms(seed=hourly)):
        pass
    assert session.leftovers == ()


def test_what_a_seed_has_scheduled_is_no_leftover_of_its_tests(session: Session) -> None:
    def seed(appwrite: Appwrite) -> None:
        hourly(appwrite)
        appwrite.functions["hello"].call(at="2999-01-01T00:00Z")

    for _ in range(2):
        with session.test(Terms(seed=seed)) as appwrite:
            assert len(appwrite.executions("hello")) == 1
            appwrite.reset()
        assert session.leftovers == ()


def test_a_call_that_comes_late_is_told_with_the_test_that_began_it(
    session: Session, emulator: Emulator
) -> None:
    with session.test(Terms(seed=keys, name="test_first")) as appwrite:
        key = appwrite.functions["keys"].call().text
    with session.test(Terms(name="test_second")):
        headers = {"X-Appwrite-Project": emulator.project, "X-Appwrite-Key": key}
        late = Request(f"{emulator.endpoint}/functions", headers=headers)
        with pytest.raises(HTTPError):
            urlopen(late, timeout=10)

    (line,) = session.leftovers
    assert "GET /v1/functions for test_first, which was over" in line


def test_a_test_that_fails_to_begin_leaves_nothing(session: Session, emulator: Emulator) -> None:
    def seed(appwrite: Appwrite) -> None:
        hourly(appwrite)
        raise RuntimeError("no further")

    with pytest.raises(RuntimeError, match="no further"), session.test(Terms(seed=seed)):
        pytest.fail("it cannot begin")


def test_where_there_is_no_function_the_setting_is_named(session: Session) -> None:
    with session.test(Terms()) as appwrite, pytest.raises(FunctionUnknown, match="_directory"):
        appwrite.functions["hello"]


def test_terms_are_checked(emulator: Emulator) -> None:
    with pytest.raises(TermsRefused, match="Did you mean seed"), isolated(emulator, sed=hourly):
        pytest.fail("it cannot begin")


def test_a_state_that_cannot_be_written_is_told(emulator: Emulator, tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(NotKept, match=r"could not be kept in .*taken"):
        keep(emulator, tmp_path / "taken" / "state.tar.gz")


def test_a_handle_does_nothing_when_its_test_has_ended(session: Session) -> None:
    sown: list[Appwrite] = []

    def seed(appwrite: Appwrite) -> None:
        sown.append(appwrite)
        hourly(appwrite)

    with session.test(Terms(seed=seed)) as kept:
        hello, stub, before = kept.functions["hello"], kept.stub.get("/x"), kept.snapshot()
    late: list[Callable[[], object]] = [
        hello.call,
        hello.delete,
        before.restore,
        kept.clock.freeze,
        kept.reset,
        kept.check,
        lambda: kept.deploy(files={"main.py": HELLO}, id="late"),
        lambda: kept.user("ann"),
        lambda: kept.fire("users.ann.create"),
        lambda: stub.json(1),
        lambda: hello.variables.update(A="b"),
        lambda: sown[0].user("ann"),
        lambda: kept.endpoint,
    ]

    with session.test(Terms()) as appwrite:
        for act in late:
            with pytest.raises(HandleOver, match="has ended"):
                act()
        assert not appwrite.functions
        assert not appwrite.clock.frozen
    assert repr(kept) == f"<Appwrite project {kept.project!r} of a test that has ended>"


def test_a_file_of_another_project_is_no_seed(emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "state.tar.gz"
    with isolated(emulator, seed=hourly):
        keep(emulator, path)
    with Emulator(port=0, project="elsewhere") as other:
        told = "no row of project 'elsewhere': what it has is of demo"
        with pytest.raises(SeedForeign, match=told), isolated(other, seed=path):
            pytest.fail("it cannot begin")
