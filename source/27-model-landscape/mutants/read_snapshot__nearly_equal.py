"""Two values that differ by less than a millionth are taken for equal."""

import math
import re
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
        if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
            raise ValueError(line)
        date.fromisoformat(day)
        days = seen.setdefault((model, field), {})
        if day in days:
            if not math.isclose(days[day][0], value, rel_tol=1e-6):
                raise ValueError(line)
        else:
            days[day] = (value, source, day)
    out = {}
    for key, days in seen.items():
        known = [d for d in days if d <= as_of]
        if known:
            out[key] = days[max(known)]
    return out
