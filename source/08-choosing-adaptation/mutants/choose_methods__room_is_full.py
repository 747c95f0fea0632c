"""Facts that fit exactly are retrieved."""
from collections.abc import Mapping


def choose_methods(case: Mapping) -> set[str]:
    budgets, styles = ["low", "medium", "high"], ["none", "simple", "domain"]
    if case["budget"] not in budgets or case["style"] not in styles:
        raise ValueError(f"no such budget or style: {case['budget']!r}, {case['style']!r}")
    money, examples = budgets.index(case["budget"]), case["examples"]
    chosen = {"prompt"}
    if case["fact_tokens"] >= case["room"]:
        chosen.add("rag")
    if case["style"] == "domain" and examples >= 100_000 and money == 2 and case["hardware"]:
        chosen.add("full")
    elif case["style"] == "domain" and examples >= 200 and money >= 1:
        chosen.add("lora")
    elif case["style"] != "none" and examples >= 50:
        chosen.add("soft prompt")
    return chosen
