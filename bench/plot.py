# SPDX-License-Identifier: ISC
"""A curve as SVG: powers of ten to the right, and upwards where it needs them."""

import math

WIDTH, HEIGHT = 480, 240
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 20, 50


def span(values):
    low = math.floor(math.log10(min(values)))
    high = math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)


def svg(points, x_name, y_name):
    """points: [(x, y)], all above zero."""
    points = [(x, max(y, 1e-6)) for x, y in points]
    x0, x1 = span([x for x, _ in points])
    y0, y1 = span([y for _, y in points])

    def place(x, y):
        return (LEFT + (math.log10(x) - x0) / (x1 - x0) *
                (WIDTH - LEFT - RIGHT),
                HEIGHT - BOTTOM - (math.log10(y) - y0) / (y1 - y0) *
                (HEIGHT - TOP - BOTTOM))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
           f'height="{HEIGHT}" font-family="sans-serif" font-size="11">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>']
    for power in range(x0, x1 + 1):
        x, _ = place(10 ** power, 10 ** y0)
        out.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" '
                   f'y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        out.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" '
                   f'text-anchor="middle">{10 ** power:,g}</text>')
    for power in range(y0, y1 + 1):
        _, y = place(10 ** x0, 10 ** power)
        out.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" '
                   f'y2="{y:.1f}" stroke="#ddd"/>')
        out.append(f'<text x="{LEFT - 5}" y="{y + 4:.1f}" '
                   f'text-anchor="end">{10.0 ** power:,g}</text>')
    line = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in points)
    out.append(f'<polyline points="{line}" fill="none" stroke="#06c" '
               'stroke-width="2"/>')
    for x, y in points:
        out.append('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="#06c"/>'
                   .format(*place(x, y)))
    out.append(f'<text x="{(WIDTH + LEFT) / 2:.0f}" y="{HEIGHT - 12}" '
               f'text-anchor="middle">{x_name}</text>')
    out.append(f'<text x="12" y="{TOP - 6}">{y_name}</text></svg>')
    return "\n".join(out) + "\n"
