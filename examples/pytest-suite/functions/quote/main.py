"""What an order would cost: POST / with {"croissant": 3, "rye": 1}."""

PRICES = {"croissant": 160, "rye": 420, "plum cake": 380}  # in cents


def main(context):
    order = context.req.body_json
    unknown = sorted(order.keys() - PRICES.keys())
    if unknown:
        return context.res.json({"error": f"We do not bake {', '.join(unknown)}."}, 400)
    total = sum(PRICES[name] * count for name, count in order.items())
    context.log(f"{sum(order.values())} pieces for {total} cents")
    return context.res.json({"total": total})
