"""Curves: one number that grows, and what is measured at each; as a table and as SVG."""
import html
import math

WIDTH, HEIGHT, GAP, TOP, LEFT = 300, 130, 70, 44, 60
COLOURS = ("#2b6cb0", "#dd8a2e", "#4f9d55", "#a33c7a")


class Curve:
    """rows: (x, value of each column ...), by x."""

    def __init__(self, name, unit, columns, rows):
        self.name, self.unit, self.columns, self.rows = name, unit, columns, rows

    def table(self):
        width = max(len(c) for c in [self.unit, *self.columns]) + 2
        lines = [self.name, "".join(c.rjust(width) for c in [self.unit, *self.columns])]
        for row in self.rows:
            lines.append("".join([str(row[0]).rjust(width)] + [f"{v:.4g}".rjust(width) if v < 1000 else f"{v:.0f}".rjust(width)
                                                               for v in row[1:]]))
        return "\n".join(lines) + "\n"


def plot(curve, column, left, top):
    """One column of a curve in a box of its own, from 0 up; x is logarithmic, with 0 as 1."""
    xs = [math.log10(max(row[0], 1)) for row in curve.rows]
    ys = [row[1 + column] for row in curve.rows]
    low, high, most = min(xs), max(max(xs), min(xs) + 1e-9), max(max(ys), 1e-9)

    def point(x, y):
        return f"{left + (x - low) / (high - low) * WIDTH:.1f},{top + HEIGHT - y / most * HEIGHT:.1f}"

    out = [f'<rect x="{left}" y="{top}" width="{WIDTH}" height="{HEIGHT}" fill="none" stroke="#ccc"/>',
           f'<text x="{left}" y="{top - 6}">{html.escape(curve.columns[column])}</text>',
           f'<text x="{left - 4}" y="{top + 10}" text-anchor="end">{most:.3g}</text>',
           f'<text x="{left - 4}" y="{top + HEIGHT}" text-anchor="end">0</text>',
           f'<polyline fill="none" stroke="{COLOURS[column % len(COLOURS)]}" stroke-width="2" points="'
           + " ".join(point(x, y) for x, y in zip(xs, ys)) + '"/>']
    for x, row in zip(xs, curve.rows):
        out.append(f'<text x="{point(x, 0).split(",")[0]}" y="{top + HEIGHT + 14}" text-anchor="middle">{row[0]}</text>')
    return out


def svg(curves):
    """All of them: a line for each curve, a box for each column."""
    columns = max(len(c.columns) for c in curves)
    wide, high = LEFT + columns * (WIDTH + GAP), len(curves) * (HEIGHT + GAP + 20) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" font-family="sans-serif" font-size="11">']
    for n, curve in enumerate(curves):
        top = TOP + n * (HEIGHT + GAP + 20)
        out.append(f'<text x="10" y="{top - 24}" font-size="14">{html.escape(curve.name)} ({html.escape(curve.unit)})</text>')
        for column in range(len(curve.columns)):
            out += plot(curve, column, LEFT + column * (WIDTH + GAP), top)
    return "\n".join(out + ["</svg>", ""])
