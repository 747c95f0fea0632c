"""Day by day."""
from collections.abc import Mapping


def recommend(case: Mapping, plans: Mapping[str, Mapping]) -> dict:
    out: dict = {"choice": None, "rejected": {}, "cost": {}, "share": {}, "flips": {}}
    fixed, slopes = {}, {}
    for name, p in plans.items():
        age, right, money = 0, 0.0, float(p["setup"])
        for day in range(case["days"]):
            if p["every"] and day and day % p["every"] == 0:
                age = 0
                money += p["refresh"]
            money += p["daily"]
            right += (1 - case["change"]) ** age
            age += 1
        fixed[name], slopes[name] = money, p["per_query"] * case["days"]
        out["cost"][name] = money + slopes[name] * case["queries"]
        out["share"][name] = (1 - p["miss"]) * (right / case["days"])
        reasons = [("needs", any(need not in p["gives"] for need in case["needs"])), ("memory", p["memory"] > case["memory"]),
                   ("freshness", "facts" in case["needs"] and out["share"][name] < case["floor"]),
                   ("budget", out["cost"][name] > case["budget"])]
        for reason, holds in reasons:
            if holds:
                out["rejected"][name] = reason
                break
    left = [name for name in plans if name not in out["rejected"]]
    if left:
        best = out["choice"] = left[0]
        for name in left:
            if out["cost"][name] < out["cost"][best]:
                best = out["choice"] = name
        for name in left:
            if name == best:
                continue
            out["flips"][name] = None
            if slopes[name] != slopes[best]:
                q = (fixed[name] - fixed[best]) / (slopes[best] - slopes[name])
                if q >= 0:
                    out["flips"][name] = q
    return out
