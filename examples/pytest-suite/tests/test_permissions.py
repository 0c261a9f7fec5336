"""Who may call what. People are there when a test first names them."""

import pytest
from appwrite_emulator import Refused


def test_guests_may_ask_for_a_quote_but_not_order(appwrite):
    functions = appwrite.functions

    assert functions["quote"].call(json={"rye": 1}, guest=True).json() == {"total": 420}
    with pytest.raises(Refused, match="user_unauthorized"):
        functions["order"].call(json={"product": "rye", "count": 1}, guest=True)


def test_only_regulars_see_what_is_not_in_the_window(appwrite):
    menu = appwrite.functions["menu"]
    appwrite.user("ann", labels=["regular"])

    assert "The baker's own stollen" in menu.call(user="ann").json()
    with pytest.raises(Refused, match="user_unauthorized"):
        menu.call(user="bob")


def test_only_bakers_light_the_oven(appwrite):
    bake = appwrite.functions["bake"]
    appwrite.stub.get("/tablesdb/bakery/tables/orders/rows").rows([])
    appwrite.user("cem", teams=["bakers"])

    assert bake.call(user="cem").json() == {"baked": 0}
    with pytest.raises(Refused, match="user_unauthorized"):
        bake.call(user="ann")
