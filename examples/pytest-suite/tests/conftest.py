"""What several tests of the bakery have in common."""

import pytest

TABLES = "/tablesdb/bakery/tables"


@pytest.fixture
def shelf(appwrite):
    """There are ten loaves of rye, at 4.20 each."""
    return appwrite.stub.get(f"{TABLES}/products/rows/rye").json({"price": 420, "left": 10})


@pytest.fixture
def book(appwrite):
    """Where orders are written down."""
    return appwrite.stub.post(f"{TABLES}/orders/rows").json({}, status=201)
