"""float reads nan and inf, and they are taken."""

import math
import re
from datetime import date


def read_snapshot(text: str, as_of: str) -> dict[tuple[str, str], tuple[float, str, str]]:
    found: dict[tuple[str, str], dict[str, tuple[float, str, str]]] = {}
    for line in text.splitlines():
        if not line.strip() or line.strip().startswith("#"):
            continue
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != 5 or not all(parts):
            raise ValueError(f"model | field | value | source | date, all five: {line!r}")
        model, field, value, source, day = parts
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", day):
            raise ValueError(f"a date is written 2026-02-05: {line!r}")
        date.fromisoformat(day)  # raises for the 30th of February
        number = float(value)
        days = found.setdefault((model, field), {})
        if day in days and days[day][0] != number:
            raise ValueError(f"two values on one day: {line!r}")
        days.setdefault(day, (number, source, day))
    known = {key: [d for d in days if d <= as_of] for key, days in found.items()}
    return {key: found[key][max(days)] for key, days in known.items() if days}
