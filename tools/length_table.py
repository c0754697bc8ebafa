#!/usr/bin/env python3
"""Makes a catalog entry of models/catalog/lengths from one column of a trace.

    tools/length_table.py TRACE.csv COLUMN TITLE SOURCE > models/catalog/lengths/NAME.json

The entry holds 129 points of the quantile function. Between points it is straight, so the points are put where that
costs least: first both ends and the usual quantiles, then, one at a time, the middle of the piece that is farthest from
the trace (by the area between them). The last point is the trace's maximum.
"""
import csv
import json
import sys

POINTS = 129
USUAL = (0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0)


def quantile(values, share):
    """The share-quantile of sorted values: between order statistics it is interpolated (R's type 7)."""
    position = share * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (position - below)


def farthest_piece(values, first, last):
    """Area between the trace's order statistics first..last and the straight line through their ends."""
    slope = (values[last] - values[first]) / (last - first)
    return sum(abs(values[i] - values[first] - slope * (i - first)) for i in range(first, last))


def table(values):
    """Points as indices of order statistics, so that every point is a length that occurred."""
    count = len(values)
    points = sorted({round(share * (count - 1)) for share in USUAL})
    pieces = {(a, b): farthest_piece(values, a, b) for a, b in zip(points, points[1:])}
    while len(pieces) + 1 < POINTS:
        first, last = max((p for p in pieces if p[1] - p[0] > 1), key=lambda p: (pieces[p], p))
        middle = (first + last) // 2
        del pieces[first, last]
        pieces[first, middle] = farthest_piece(values, first, middle)
        pieces[middle, last] = farthest_piece(values, middle, last)
    points = sorted({p[0] for p in pieces} | {count - 1})
    return [round(i / (count - 1), 7) for i in points], [values[i] for i in points]


def rows(numbers):
    """A list of numbers as JSON text, twelve a line."""
    lines = [", ".join(f"{n:.7g}" for n in numbers[i:i + 12]) for i in range(0, len(numbers), 12)]
    return "[\n    " + ",\n    ".join(lines) + "\n  ]"


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    path, column, title, source = sys.argv[1:]
    with open(path, newline="") as file:
        values = sorted(int(row[column]) for row in csv.DictReader(file))
    shares, tokens = table(values)
    print("{")
    print(f'  "title": {json.dumps(title)},')
    print(f'  "shares": {rows(shares)},')
    print(f'  "tokens": {rows(tokens)},')
    print('  "sources": [')
    print('    {"fields": ["shares", "tokens"], "evidence": "C",')
    print(f'     "source": {json.dumps(source)}}}')
    print("  ]")
    print("}")


if __name__ == "__main__":
    main()
