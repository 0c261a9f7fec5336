"""The table of errors: what it says in each era."""

from __future__ import annotations

import pytest

from appwrite_emulator.errors import ApiError, Era, resolve, table


@pytest.mark.parametrize("era", ["1.6", "1.9"])
def test_every_type_has_a_status_and_a_text(era: Era) -> None:
    for type in table():
        row = resolve(ApiError(type), era)
        assert 400 <= row.code < 600, type
        assert row.message, type
        assert row.type


def test_a_message_replaces_the_text_of_the_table() -> None:
    assert resolve(ApiError("function_not_found", "mine"), "1.9").message == "mine"
    default = resolve(ApiError("function_not_found"), "1.9")
    assert default.message == "Function with the requested ID could not be found."


def test_a_type_that_an_era_lacks_answers_as_in_the_other() -> None:
    assert "1.6" not in table()["project_id_missing"]
    assert resolve(ApiError("project_id_missing"), "1.6").code == 403


def test_an_unknown_type_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="'nothing_such' is not in the error table"):
        ApiError("nothing_such")
