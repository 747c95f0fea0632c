"""Only a model with as much context dominates."""


def shortlist(models, context=0, open_weights=False, sure=True):
    left = [m for m in models if m["context"] >= context and (m["open"] or not open_weights)]

    def dominates(a, b):
        if sure:
            return a["cost"] <= b["cost"] and a["low"] > b["high"] and a["context"] >= b["context"]
        return (a["cost"] <= b["cost"] and a["quality"] >= b["quality"]
                and (a["cost"] < b["cost"] or a["quality"] > b["quality"]))

    kept = [b for b in left if not any(dominates(a, b) for a in left)]
    return [m["name"] for m in sorted(kept, key=lambda m: (m["cost"], -m["quality"]))]
