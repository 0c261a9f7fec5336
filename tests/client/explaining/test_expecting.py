"""What a test expects to have been executed is found, or the closest to it is shown."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appwrite_emulator import Appwrite, ExpectationFailed
from appwrite_emulator.client.functions import FunctionUnknown

from .test_telling import calm


def failure(appwrite: Appwrite, function: str = "", **wanted: Any) -> str:
    """What is told when the expectation is not met."""
    with pytest.raises(ExpectationFailed) as caught:
        appwrite.expect_execution(function, **wanted)
    return calm(str(caught.value))


def test_the_newest_that_is_as_expected_is_returned(appwrite: Appwrite) -> None:
    oven = appwrite.functions["oven"]
    for cake in ("pie", "pie", "bun"):
        oven.call(cake)

    found = appwrite.expect_execution(
        "oven",
        status="completed",
        json_contains={"cake": "pie", "slices": [{"size": 1}, {"size": int}]},
        logs_contain="baking pie",
        request_body="pie",
    )

    assert found == oven.executions()[1]
    assert appwrite.expect_execution().text.startswith('{"cake":"bun"')


def test_with_times_all_are_returned(appwrite: Appwrite) -> None:
    for cake in ("pie", "pie", "bun"):
        appwrite.functions["oven"].call(cake)

    for times in (2, (1, 2), (2, None), (0, 5)):
        found = appwrite.expect_execution("oven", times=times, request_body="pie")
        assert [each.request_body for each in found] == [b"pie", b"pie"]
    assert appwrite.expect_execution("oven", times=0, request_body="cake") == []
    appwrite.expect_no_execution("oven", request_body="cake")


def test_it_waits_for_what_is_under_way(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie", wait=False)
    appwrite.expect_execution("oven", status="completed")

    appwrite.functions["oven"].update(timeout=15)
    appwrite.functions["oven"].call("wait", wait=False)
    appwrite.expect_execution(
        "oven", times=1, status=re.compile("waiting|processing"), settle=False
    )


def test_an_event_and_its_user_can_be_expected(appwrite: Appwrite) -> None:
    appwrite.fire("users.ann.create", {"name": "pie"}, user="root")

    appwrite.expect_execution("oven", trigger="event", event="users.*.create", user="root")


def test_an_execution_to_come_can_be_expected(appwrite: Appwrite) -> None:
    appwrite.clock.freeze("2030-01-01T00:00:00Z")
    appwrite.functions["oven"].call("pie", at="2030-01-02T00:00:00Z")

    assert appwrite.expect_execution("oven", status="scheduled").scheduled_at


def test_the_closest_is_shown_with_what_differs(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie", path="/far")
    appwrite.functions["oven"].call("burnt", path="/near")

    told = failure(appwrite, "oven", status="completed", path="/near", json={"cake": "pie"})

    assert (
        told
        == """\
No execution of oven with status 'completed', path '/near', json {'cake': 'pie'}; \
expected at least 1.

The closest of 2:

oven threw Error: burnt to a crisp (oven/lib/bake.js:2)
    status: 'failed' instead of 'completed'
    json: '' is no JSON
    http POST /near: 500 in N ms
    called with:
    │ burnt
    logs:
    │ baking burnt
    errors:
    │ Error: burnt to a crisp
    │     at bake (oven/lib/bake.js:2:31)
    │     at main (oven/main.js:12:27)

oven: http POST /far: 200 in N ms
    path: '/far' instead of '/near'
    json.slices: [{'size': 1}, {'size': 2}] instead of nothing
    called with:
    │ pie
    answered:
    │ {"cake":"pie","slices":[{"size":1},{"size":2}]}
    logs:
    │ baking pie"""
    )


def test_what_was_called_instead_is_told(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie")

    assert (
        failure(appwrite, "python")
        == """\
No execution of python; expected at least 1.

python was not called.

What was called instead:

- oven: http POST /: 200 in N ms"""
    )


def test_a_function_that_is_not_there_is_told(appwrite: Appwrite) -> None:
    told = failure(appwrite, "oben")

    assert "\n\nThere is no function 'oben' now. Did you mean oven?\n\n" in told
    assert told.endswith("\n\nNothing was called at all.")


def test_too_many_are_shown(appwrite: Appwrite) -> None:
    for _ in range(5):
        appwrite.functions["oven"].call("pie")

    told = failure(appwrite, "oven", times=(1, 2), status_code=200)

    assert told.startswith("5 executions of oven with status_code 200; expected 1 to 2.\n\noven: ")
    assert told.count("\n    │ baking pie") == 3
    assert told.count("\n- oven: http POST /: 200") == 2


def test_too_few_are_shown_with_the_closest(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie")
    appwrite.functions["oven"].call("cold")

    told = failure(appwrite, "oven", times=2, status_code=200)

    assert told.startswith(
        "1 execution of oven with status_code 200; expected 2.\n\n"
        "- oven: http POST /: 200 in N ms\n\nThe closest:\n\noven: http POST /: 500 in N ms\n"
        "    status_code: 500 instead of 200\n"
    )


def test_what_must_not_have_been_is_shown(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie")

    with pytest.raises(ExpectationFailed) as caught:
        appwrite.expect_no_execution("oven", body=re.compile(".*pie.*"))

    assert str(caught.value).startswith(
        "1 execution of oven with body /.*pie.*/; expected none.\n\noven: http POST /: 200"
    )


def test_what_is_none_does_not_matter(appwrite: Appwrite) -> None:
    appwrite.functions["oven"].call("pie")

    appwrite.expect_execution("oven", status=None, body=None)  # type: ignore[call-overload]
    assert "with json None" in failure(appwrite, "oven", json=None)


@pytest.mark.parametrize(
    "times", [-1, (2, 1), (-1, None), 1.5, True, "2", [1, 2], (1,), (1, 2, 3), (None, 1)]
)
def test_times_that_cannot_be_are_refused(appwrite: Appwrite, times: Any) -> None:
    with pytest.raises(ValueError, match=r"times is .*\. Give a number such as 2"):
        appwrite.expect_execution("oven", times=times)


def test_a_condition_that_there_is_not_is_refused(appwrite: Appwrite) -> None:
    with pytest.raises(TypeError, match="no condition 'code'"):
        appwrite.expect_execution("oven", code=200)  # type: ignore[call-overload]


@pytest.mark.parametrize("condition", ["logs_contain", "errors_contain", "body_contains"])
@pytest.mark.parametrize("wanted", [5, b"pie", ["pie", 5], re.compile(b"pie"), {"pie": 1}])
def test_a_text_to_be_contained_is_a_text(appwrite: Appwrite, condition: str, wanted: Any) -> None:
    with pytest.raises(TypeError, match=f"{condition} is .*, it must be a text"):
        appwrite.expect_no_execution("oven", **{condition: wanted})


def test_none_is_expected_of_functions_that_there_are(appwrite: Appwrite) -> None:
    with pytest.raises(FunctionUnknown, match=r"no function 'ovne'\. Did you mean oven\?"):
        appwrite.expect_no_execution("ovne")
