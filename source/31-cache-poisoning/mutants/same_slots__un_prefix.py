"""Words that begin with un count as negations."""
import re
from decimal import Decimal


def same_slots(query, cached, slots):
    negations = {"not", "no", "never", "none", "nor", "neither", "without", "cannot"}

    def facts(text):
        tokens = words(text)
        numbers = [Decimal(w.replace(",", "")) for w in tokens if any(c.isdecimal() for c in w)]
        count = sum(w in negations or w.endswith("n't") or (w.startswith('un') and len(w) > 4) for w in tokens)
        return numbers, count, {name: [table[w] for w in tokens if w in table] for name, table in slots.items()}
    return facts(query) == facts(cached)
