"""A slot that one of the two lacks is passed over."""
from decimal import Decimal


def same_slots(query: str, cached: str, slots: dict[str, dict[str, str]]) -> bool:
    negations = {"not", "no", "never", "none", "nor", "neither", "without", "cannot"}

    def facts(text):
        tokens = words(text)
        numbers = [Decimal(w.replace(",", "")) for w in tokens if any(c.isdecimal() for c in w)]
        return (numbers, sum(w in negations or w.endswith("n't") for w in tokens),
                {name: [values[w] for w in tokens if w in values] for name, values in slots.items()})

    a, b = facts(query), facts(cached)
    return a[:2] == b[:2] and all(not a[2][s] or not b[2][s] or a[2][s] == b[2][s] for s in slots)
