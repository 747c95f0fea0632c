"""Rules as a table."""
from collections.abc import Mapping


RANK = {"low": 0, "medium": 1, "high": 2}


def choose_methods(case: Mapping) -> set[str]:
    if case["budget"] not in RANK or case["style"] not in {"none", "simple", "domain"}:
        raise ValueError("unknown")
    rank, n, domain = RANK[case["budget"]], case["examples"], case["style"] == "domain"
    full = domain and n >= 100_000 and rank == 2 and case["hardware"]
    lora = domain and n >= 200 and rank >= 1 and not full
    soft = case["style"] in {"simple", "domain"} and n >= 50 and not (full or lora)
    rules = {"prompt": True, "rag": case["fact_tokens"] > case["room"], "full": full, "lora": lora, "soft prompt": soft}
    return {name for name, holds in rules.items() if holds}
