"""Draws the Mandelbrot set in text: GET /?x=-0.75&y=0.1&zoom=40 looks closer."""

WIDTH, HEIGHT, DEPTH = 72, 24, 60
SHADES = " .:-=+*#%@"


def main(context):
    x, y, zoom = (
        float(context.req.query.get(name, default))
        for name, default in (("x", -0.6), ("y", 0.0), ("zoom", 1.0))
    )
    context.log(f"Drawing around {x}{y:+}i, {zoom} times closer")
    return context.res.text(draw(complex(x, y), 3.2 / zoom))


def draw(center, width):
    step = width / WIDTH
    rows = []
    for row in range(HEIGHT):
        line = (
            # A character is twice as high as wide.
            center + complex((column - WIDTH / 2) * step, (HEIGHT / 2 - row) * step * 2)
            for column in range(WIDTH)
        )
        rows.append("".join(SHADES[escape(point) * (len(SHADES) - 1) // DEPTH] for point in line))
    return "\n".join(rows) + "\n"


def escape(point):
    """After how many steps the point runs away, DEPTH if it stays."""
    value = 0j
    for step in range(DEPTH):
        if abs(value) > 2:
            return step
        value = value * value + point
    return DEPTH
