"""What is not in the window: for those who come every day, who have the label "regular"."""


def main(context):
    return context.res.json(["The baker's own stollen", "Yesterday's rye, which is better"])
