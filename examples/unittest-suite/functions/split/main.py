import os


def main(context):
    req, res = context.req, context.res
    if req.headers["x-appwrite-trigger"] == "event":
        context.log(f"Welcome, {req.body_json['name']}")
        return res.empty()
    bill = req.body_json
    if not bill.get("people"):
        return res.json({"error": "Who pays?"}, 400)
    tip = float(os.environ.get("TIP", "10"))
    share = bill["amount"] * (1 + tip / 100) / bill["people"]
    context.log(f"{req.headers['x-appwrite-user-id']} splits {bill['amount']}")
    return res.json({"share": round(share, 2)})
