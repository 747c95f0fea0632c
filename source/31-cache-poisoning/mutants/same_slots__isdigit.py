"""isdigit, by which the ² of m² is a digit."""

from decimal import Decimal


def same_slots(query, cached, slots):
    NO = {"not", "no", "never", "none", "nor", "neither", "without", "cannot"}

    def parts(text):
        ws = words(text)
        numbers = [Decimal(w.replace(",", "")) for w in ws if any(c.isdigit() for c in w)]
        negations = sum(w in NO or w.endswith("n't") for w in ws)
        return numbers, negations, {s: [d[w] for w in ws if w in d] for s, d in slots.items()}

    return parts(query) == parts(cached)
