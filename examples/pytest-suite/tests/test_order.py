"""A function that uses Appwrite's database: the tests say what it answers, and see the calls."""

RYE = {"product": "rye", "count": 2}


def test_an_order_is_written_down(appwrite, shelf, book):
    order = appwrite.functions["order"].call(json=RYE, user="ann")

    assert order.status_code == 201
    assert order.json() == {"total": 840}
    book.assert_called(times=1, by="order", json={"data": {"customer": "ann", "status": "open"}})


def test_regulars_pay_a_tenth_less(appwrite, shelf, book):
    appwrite.user("ann", labels=["regular"])

    assert appwrite.functions["order"].call(json=RYE, user="ann").json() == {"total": 756}


def test_what_is_sold_out_is_not_written_down(appwrite, shelf, book):
    order = appwrite.functions["order"].call(json={"product": "rye", "count": 11}, user="ann")

    assert (order.status_code, order.json()) == (409, {"error": "Only 10 left"})
    book.assert_not_called()


def test_the_last_loaf_is_sold_once(appwrite, book):
    shelf = appwrite.stub.get("/tablesdb/bakery/tables/products/rows/rye")
    shelf.json({"price": 420, "left": 2}).json({"price": 420, "left": 0})  # one after the other
    order = appwrite.functions["order"]

    codes = [order.call(json=RYE, user=each).status_code for each in ("ann", "bob", "cem")]

    assert codes == [201, 409, 409]
    assert [call.json["data"]["customer"] for call in book.calls] == ["ann"]


def test_no_order_is_lost_silently_when_the_database_is_down(appwrite, shelf):
    appwrite.stub.post("/tablesdb/bakery/tables/orders/rows").error("general_server_error")

    order = appwrite.functions["order"].call(json=RYE, user="ann", check=False)

    assert order.status == "failed"
    assert "orders/rows: 500" in order.errors


def test_orders_are_taken_in_the_background_too(appwrite, shelf, book):
    order = appwrite.functions["order"].call(json=RYE, user="ann", wait=False)

    assert appwrite.finished(order).status_code == 201
    book.assert_called(times=1)
