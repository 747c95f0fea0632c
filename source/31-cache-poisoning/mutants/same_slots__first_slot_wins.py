"""A word belongs to its first slot only."""

import re
from decimal import Decimal


def same_slots(query, cached, slots):
    NO = {"not", "no", "never", "none", "nor", "neither", "without", "cannot"}

    def parts(text):
        ws = words(text)
        numbers = [Decimal(w.replace(",", "")) for w in ws if re.search(r"\d", w)]
        negations = sum(w in NO or w.endswith("n't") for w in ws)
        return numbers, negations, {s: [d[w] for w in ws if w in d and not any(w in e for e in list(slots.values())[:k])] for k, (s, d) in enumerate(slots.items())}

    return parts(query) == parts(cached)
