"""What is there at the beginning of each test, and gone at its end."""

import pytest


def regulars(appwrite):
    """Ann and Bob come every day. This runs once; every test that names it finds them."""
    for name in ("ann", "bob"):
        appwrite.user(name, labels=["regular"])


@pytest.mark.appwrite(seed=regulars)
@pytest.mark.parametrize("name", ["ann", "bob"])
def test_regulars_are_known_from_the_start(appwrite, name):
    assert appwrite.functions["menu"].call(user=name).status_code == 200


@pytest.mark.parametrize("turn", ["first", "second"])
def test_what_a_test_changes_is_undone(appwrite, turn):
    quote = appwrite.functions["quote"]
    assert quote.executions() == []

    quote.call(json={"rye": 1})

    assert len(quote.executions()) == 1
