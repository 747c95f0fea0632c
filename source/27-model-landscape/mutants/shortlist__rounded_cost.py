"""Costs are compared to the cent."""


def shortlist(models, context=0, open_weights=False, sure=True):
    left = [m for m in models if m["context"] >= context and (m["open"] or not open_weights)]

    def dominates(a, b):
        if sure:
            return round(a["cost"], 2) <= round(b["cost"], 2) and a["low"] > b["high"]
        return (a["cost"] <= b["cost"] and a["quality"] >= b["quality"]
                and (a["cost"] < b["cost"] or a["quality"] > b["quality"]))

    kept = [b for b in left if not any(dominates(a, b) for a in left)]
    return [m["name"] for m in sorted(kept, key=lambda m: (m["cost"], -m["quality"]))]
