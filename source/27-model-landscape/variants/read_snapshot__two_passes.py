"""Read all lines, then sort by date; strptime for the calendar."""

import math
import re
from datetime import datetime


def read_snapshot(text, as_of):
    rows = []
    for line in text.split("\n"):
        line = line.strip()
        if line == "" or line[0] == "#":
            continue
        parts = [p.strip() for p in line.split("|")]
        if len(parts) != 5 or "" in parts:
            raise ValueError(line)
        if re.match(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", parts[4]) is None:
            raise ValueError(line)
        datetime.strptime(parts[4], "%Y-%m-%d")
        value = float(parts[2])
        if math.isnan(value) or math.isinf(value):
            raise ValueError(line)
        rows.append((parts[0], parts[1], value, parts[3], parts[4]))
    for i, a in enumerate(rows):
        for b in rows[:i]:
            if (a[0], a[1], a[4]) == (b[0], b[1], b[4]) and a[2] != b[2]:
                raise ValueError("contradiction")
    out = {}
    for model, field, value, source, day in sorted(rows, key=lambda r: r[4]):
        if day > as_of:
            continue
        if (model, field) in out and out[model, field][2] == day:
            continue
        out[model, field] = (value, source, day)
    return out
