"""Greets whom the query names: GET /?name=Ada"""


def main(context):
    name = context.req.query.get("name", "world")

    context.log(f"Greeting {name}")

    return context.res.text(f"Hello, {name}!")
