"""Ten characters that fromisoformat reads are taken for a date."""

import math
from datetime import date


def read_snapshot(text, as_of):
    seen = {}
    for line in text.split("\n"):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = [p.strip() for p in line.split("|")]
        if len(parts) != 5 or not all(parts):
            raise ValueError(line)
        model, field, raw, source, day = parts
        value = float(raw)
        if not math.isfinite(value):
            raise ValueError(line)
        if len(day) != 10:
            raise ValueError(line)
        date.fromisoformat(day)
        days = seen.setdefault((model, field), {})
        if day in days:
            if days[day][0] != value:
                raise ValueError(line)
        else:
            days[day] = (value, source, day)
    out = {}
    for key, days in seen.items():
        known = [d for d in days if d <= as_of]
        if known:
            out[key] = days[max(known)]
    return out
