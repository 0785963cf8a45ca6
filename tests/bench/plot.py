"""A plot of ratios as SVG: one bar a row on a logarithmic scale, and a mark where the target is."""
import html
import math

LEFT, WIDTH, ROW, TOP = 250, 480, 26, 46


def svg(title, rows, vendors):
    """rows: [(name, target or 0, {vendor: ratio})]; ratios above 1 are better, whatever is measured."""
    most = max([r for _, target, ratios in rows for r in [target, *ratios.values()]] + [10])
    least = min([r for _, _, ratios in rows for r in ratios.values()] + [1])
    low, high = math.floor(math.log10(max(least, 1e-3))), math.ceil(math.log10(most))
    colours = ("#2b6cb0", "#dd8a2e", "#4f9d55")

    def x(value):
        return LEFT + WIDTH * (math.log10(max(value, 10 ** low)) - low) / (high - low)

    height = TOP + len(rows) * ROW + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 70}" height="{height}" '
           'font-family="sans-serif" font-size="12">',
           f'<text x="10" y="18" font-size="14">{html.escape(title)}</text>']
    for i, vendor in enumerate(vendors):
        out.append(f'<rect x="{LEFT + i * 80}" y="26" width="10" height="10" fill="{colours[i]}"/>'
                   f'<text x="{LEFT + 14 + i * 80}" y="35">{html.escape(vendor)}</text>')
    for power in range(low, high + 1):
        at = x(10 ** power)
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{height - 24}" stroke="#ccc"/>'
                   f'<text x="{at:.1f}" y="{height - 8}" text-anchor="middle">{10 ** power:g} x</text>')
    for n, (name, target, ratios) in enumerate(rows):
        y = TOP + n * ROW
        out.append(f'<text x="{LEFT - 8}" y="{y + 16}" text-anchor="end">{html.escape(name)}</text>')
        thick = 18 / max(len(vendors), 1)
        for i, vendor in enumerate(vendors):
            if vendor in ratios:
                start, end = sorted((x(1), x(ratios[vendor])))
                out.append(f'<rect x="{start:.1f}" y="{y + 4 + i * thick:.1f}" width="{end - start:.1f}" '
                           f'height="{thick - 1:.1f}" fill="{colours[i]}"/>'
                           f'<text x="{max(end, x(1)) + 3:.1f}" y="{y + 3 + (i + 0.9) * thick:.1f}" font-size="9">'
                           f'{ratios[vendor]:.1f}</text>')
        if target:
            out.append(f'<line x1="{x(target):.1f}" y1="{y + 2}" x2="{x(target):.1f}" y2="{y + 24}" stroke="#c00" '
                       'stroke-width="2"/>')
    return "\n".join(out + ["</svg>", ""])
