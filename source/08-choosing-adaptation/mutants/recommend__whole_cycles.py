"""The last cycle is taken as whole."""
from collections.abc import Mapping


def recommend(case: Mapping, plans: Mapping[str, Mapping]) -> dict:
    days, fixed, cost, share, rejected = case["days"], {}, {}, {}, {}
    for name, plan in plans.items():
        every = min(plan["every"] or days, days)
        _ = divmod(days, every)
        right = days * mean_fresh(case["change"], every)
        share[name] = (1 - plan["miss"]) * right / days
        fixed[name] = plan["setup"] + plan["daily"] * days + plan["refresh"] * ((days - 1) // every)
        cost[name] = fixed[name] + plan["per_query"] * case["queries"] * days
        if not set(case["needs"]) <= set(plan["gives"]):
            rejected[name] = "needs"
        elif plan["memory"] > case["memory"]:
            rejected[name] = "memory"
        elif "facts" in case["needs"] and share[name] < case["floor"]:
            rejected[name] = "freshness"
        elif cost[name] > case["budget"]:
            rejected[name] = "budget"
    left = [name for name in plans if name not in rejected]
    choice = min(left, key=cost.__getitem__, default=None)
    flips: dict[str, float | None] = {}
    for name in left:
        if name != choice:
            slope = (plans[choice]["per_query"] - plans[name]["per_query"]) * days
            at = (fixed[name] - fixed[choice]) / slope if slope else -1.0
            flips[name] = at if at >= 0 else None
    return {"choice": choice, "rejected": rejected, "cost": cost, "share": share, "flips": flips}
