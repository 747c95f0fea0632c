"""The three lengths are looked at, the rest is left to `int`, which reads signs and underscores."""

import math
from datetime import date


def day_of(text):
    y, m, d = text.split("-")
    if (len(y), len(m), len(d)) != (4, 2, 2):
        raise ValueError(text)
    return date(int(y), int(m), int(d))


def read_snapshot(text, as_of):
    limit, seen, best = date.fromisoformat(as_of), {}, {}
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            model, field, value, source, day = map(str.strip, line.split("|"))
        except ValueError:
            raise ValueError("five parts") from None
        if not (model and field and value and source and day):
            raise ValueError("an empty part")
        number, when = float(value), day_of(day)
        if not math.isfinite(number):
            raise ValueError("not finite")
        if seen.setdefault((model, field, when), number) != number:
            raise ValueError("contradiction")
        old = best.get((model, field))
        if when <= limit and (old is None or old[0] < when):
            best[model, field] = when, number, source
    return {key: [number, source, when.isoformat()] for key, (when, number, source) in best.items()}
