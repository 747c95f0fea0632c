"""Three comparisons, fractions for numbers."""

def same_slots(query, cached, slots):
    from fractions import Fraction
    a, b = words(query), words(cached)

    def numbers(tokens):
        return [Fraction(t.replace(",", "")) for t in tokens if t[-1].isdecimal()]

    def negations(tokens):
        return len([t for t in tokens if t.endswith("n't") or t in "not no never none nor neither without cannot".split()])

    if numbers(a) != numbers(b) or negations(a) != negations(b):
        return False
    for values in slots.values():
        if [values[t] for t in a if t in values] != [values[t] for t in b if t in values]:
            return False
    return True
