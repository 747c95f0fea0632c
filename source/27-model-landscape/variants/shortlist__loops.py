"""Loops, and a stable sort in two steps."""

def shortlist(models, context=0, open_weights=False, sure=True):
    fit = []
    for m in models:
        if m["context"] < context or (open_weights and not m["open"]):
            continue
        fit.append(m)
    left = []
    for i in fit:
        out = False
        for j in fit:
            if sure:
                out |= j["cost"] <= i["cost"] and j["low"] > i["high"]
            else:
                out |= (j["cost"] < i["cost"] and j["quality"] >= i["quality"]) or (
                    j["cost"] == i["cost"] and j["quality"] > i["quality"])
        if not out:
            left.append(i)
    left.sort(key=lambda m: m["quality"], reverse=True)
    left.sort(key=lambda m: m["cost"])
    return [m["name"] for m in left]
