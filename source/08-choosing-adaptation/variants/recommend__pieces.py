"""Small functions, ages in a list."""
from collections.abc import Mapping


def ages(every: int | None, days: int) -> list[int]:
    return list(range(days)) if every is None else [day % every for day in range(days)]


def line(plan: Mapping, days: int) -> tuple[float, float]:
    """(dollars without a query, dollars per query a day) over the horizon."""
    refreshes = len(range(plan["every"], days, plan["every"])) if plan["every"] else 0
    return plan["setup"] + plan["daily"] * days + plan["refresh"] * refreshes, plan["per_query"] * days


def recommend(case: Mapping, plans: Mapping[str, Mapping]) -> dict:
    days = case["days"]
    lines = {name: line(plan, days) for name, plan in plans.items()}
    cost = {name: a + b * case["queries"] for name, (a, b) in lines.items()}
    share = {name: (1 - plan["miss"]) * sum((1 - case["change"]) ** age for age in ages(plan["every"], days)) / days
             for name, plan in plans.items()}

    def reason(name: str) -> str | None:
        plan = plans[name]
        if set(case["needs"]) - set(plan["gives"]):
            return "needs"
        if plan["memory"] > case["memory"]:
            return "memory"
        if "facts" in case["needs"] and share[name] < case["floor"]:
            return "freshness"
        return "budget" if cost[name] > case["budget"] else None
    rejected = {name: why for name in plans if (why := reason(name))}
    left = sorted((name for name in plans if name not in rejected), key=lambda name: cost[name])
    flips = {}
    for name in left[1:]:
        (a, b), (c, d) = lines[left[0]], lines[name]
        flips[name] = (c - a) / (b - d) if b != d and (c - a) / (b - d) >= 0 else None
    return {"choice": left[0] if left else None, "rejected": rejected, "cost": cost, "share": share, "flips": flips}
