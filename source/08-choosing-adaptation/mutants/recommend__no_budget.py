"""A budget of 0 is taken for none given."""


def recommend(case, plans):
    days, c = case["days"], case["change"]
    fixed, cost, share, rejected = {}, {}, {}, {}
    for name, p in plans.items():
        every = p["every"] or days
        refreshes = (days - 1) // every
        fixed[name] = p["setup"] + days * p["daily"] + refreshes * p["refresh"]
        cost[name] = fixed[name] + days * case["queries"] * p["per_query"]
        share[name] = (1 - p["miss"]) * sum((1 - c) ** (t % every) for t in range(days)) / days
        if not set(case["needs"]) <= set(p["gives"]):
            rejected[name] = "needs"
        elif p["memory"] > case["memory"]:
            rejected[name] = "memory"
        elif "facts" in case["needs"] and share[name] < case["floor"]:
            rejected[name] = "freshness"
        elif case["budget"] and cost[name] > case["budget"]:
            rejected[name] = "budget"
    left = [name for name in plans if name not in rejected]
    choice = min(left, key=cost.get, default=None)
    flips = {}
    for name in left:
        if name != choice:
            slope = days * (plans[choice]["per_query"] - plans[name]["per_query"])
            gap = fixed[name] - fixed[choice]
            n = gap / slope if slope else -1
            flips[name] = n if n >= 0 else None
    return {"cost": cost, "share": share, "rejected": rejected, "choice": choice, "flips": flips}
