"""What all tests of the bakery begin with."""

import pytest

TABLES = "/tablesdb/bakery/tables"


@pytest.fixture
def appwrite(appwrite):
    """Every test may name new customers: their vouchers are taken."""
    appwrite.stub.post(f"{TABLES}/vouchers/rows").json({}, status=201)
    return appwrite


@pytest.fixture
def shelf(appwrite):
    """There are ten loaves of rye, at 4.20 each."""
    return appwrite.stub.get(f"{TABLES}/products/rows/rye").json({"price": 420, "left": 10})


@pytest.fixture
def book(appwrite):
    """The orders that are written down."""
    return appwrite.stub.post(f"{TABLES}/orders/rows").json({}, status=201)
