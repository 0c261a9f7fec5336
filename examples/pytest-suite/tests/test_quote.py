"""A function that needs nothing but its input."""

import pytest


def test_a_quote_adds_up(appwrite):
    quote = appwrite.functions["quote"].call(json={"croissant": 3, "rye": 1})

    assert quote.status_code == 200
    assert quote.json() == {"total": 900}
    assert quote.logs == "4 pieces for 900 cents\n"


@pytest.mark.parametrize("bread", ["baguette", "brioche"])
def test_what_is_not_baked_is_named(appwrite, bread):
    quote = appwrite.functions["quote"].call(json={bread: 1})

    assert quote.status_code == 400
    assert quote.json() == {"error": f"We do not bake {bread}."}


def test_what_is_no_order_is_an_error_of_ours(appwrite):
    # A function that throws fails its test, unless the test says that it may.
    quote = appwrite.functions["quote"].call("three croissants, please", check=False)

    assert quote.status == "failed"
    assert "JSONDecodeError" in quote.errors
