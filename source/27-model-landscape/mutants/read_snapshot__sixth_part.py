"""What follows the fifth part is not looked at."""

import math
import re
from datetime import date


def read_snapshot(text, as_of):
    seen = {}
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = [p.strip() for p in line.split("|")[:5]]
        if len(parts) != 5 or not all(parts):
            raise ValueError(line)
        model, field, value, source, day = parts
        value = float(value)
        if not math.isfinite(value):
            raise ValueError(line)
        if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
            raise ValueError(line)
        date.fromisoformat(day)
        key = (model, field, day)
        if key in seen:
            if seen[key][0] != value:
                raise ValueError(line)
            continue
        seen[key] = (value, source, day)
    out = {}
    for (model, field, day), what in seen.items():
        if day <= as_of and ((model, field) not in out or out[model, field][2] < day):
            out[model, field] = what
    return out
