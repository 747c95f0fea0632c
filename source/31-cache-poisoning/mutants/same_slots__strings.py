"""Numbers as they are written."""

def same_slots(query: str, cached: str, slots: dict[str, dict[str, str]]) -> bool:
    negations = {"not", "no", "never", "none", "nor", "neither", "without", "cannot"}

    def facts(text):
        tokens = words(text)
        numbers = [w.replace(",", "") for w in tokens if any(c.isdecimal() for c in w)]
        return (numbers, sum(w in negations or w.endswith("n't") for w in tokens),
                {name: [values[w] for w in tokens if w in values] for name, values in slots.items()})

    return facts(query) == facts(cached)
