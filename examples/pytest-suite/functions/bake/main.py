"""Bakes all open orders, each morning at four, or when a baker calls it."""

import json
from urllib.parse import quote

from .appwrite import appwrite

ORDERS = "/tablesdb/bakery/tables/orders/rows"
OPEN = json.dumps({"method": "equal", "attribute": "status", "values": ["open"]})


def main(context):
    orders = appwrite(context, "GET", f"{ORDERS}?queries[]={quote(OPEN)}")["rows"]
    for order in orders:
        context.log(f"Baking {order['count']} {order['product']}")
        appwrite(context, "PATCH", f"{ORDERS}/{order['$id']}", {"data": {"status": "baked"}})
    return context.res.json({"baked": len(orders)})
