"""What happens by itself: at its time, or because something else has happened."""

import pytest

ORDERS = "/tablesdb/bakery/tables/orders/rows"
OPEN = {"$id": "42", "product": "rye", "count": 2, "customer": "ann", "status": "open"}


@pytest.mark.appwrite(clock="2031-12-24T03:59Z")
def test_all_open_orders_are_baked_at_four(appwrite):
    open_orders = {"method": "equal", "attribute": "status", "values": ["open"]}
    appwrite.stub.get(ORDERS, query={"queries": [open_orders]}).rows([OPEN])
    row = appwrite.stub.patch(f"{ORDERS}/42").json({**OPEN, "status": "baked"})

    appwrite.clock.advance(seconds=59)
    row.assert_not_called()

    appwrite.clock.advance(seconds=1)
    row.assert_called(times=1, json={"data": {"status": "baked"}})
    appwrite.expect_execution("bake", trigger="schedule", logs_contain="Baking 2 rye", times=1)


@pytest.mark.appwrite(clock="2031-12-18T00:00Z")
def test_the_oven_is_lit_on_each_day_of_the_week(appwrite):
    appwrite.stub.get(ORDERS).rows([])

    appwrite.clock.advance(days=7)

    appwrite.expect_execution("bake", times=7)


def test_who_has_ordered_is_told_when_it_is_baked(appwrite):
    mail = appwrite.stub.post("/messaging/messages/email").json({}, status=201)

    appwrite.fire("databases.bakery.tables.orders.rows.42.update", {**OPEN, "status": "baked"})

    mail.assert_called(times=1, by="tell", json={"users": ["ann"]})
    assert "2 rye" in mail.calls[0].json["content"]


def test_mail_that_cannot_be_sent_is_an_error(appwrite):
    appwrite.stub.post("/messaging/messages/email").error("general_server_error")

    appwrite.fire("databases.bakery.tables.orders.rows.42.update", {**OPEN, "status": "baked"})

    appwrite.expect_execution("tell", status="failed", errors_contain="messages/email: 500")


def test_nobody_is_told_of_other_changes(appwrite):
    # No stub is declared for the mail: a call of it would fail this test.
    appwrite.fire("databases.bakery.tables.orders.rows.42.update", {**OPEN, "count": 3})

    appwrite.expect_execution("tell", status_code=204, logs_contain="the order is open")


def test_who_is_new_gets_a_voucher(appwrite):
    vouchers = appwrite.stub.post("/tablesdb/bakery/tables/vouchers/rows").json({}, status=201)

    appwrite.fire("users.ann.create", {"$id": "ann", "name": "Ann"})

    vouchers.assert_called(times=1, by="welcome", json={"data": {"customer": "ann"}})
    appwrite.expect_execution("welcome", logs_contain="A voucher for Ann")
