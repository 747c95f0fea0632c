"""An ordered enumeration."""
from collections.abc import Mapping
from enum import IntEnum


class Budget(IntEnum):
    low = 1
    medium = 2
    high = 3


def choose_methods(case: Mapping) -> set[str]:
    try:
        budget = Budget[case["budget"]]
        style = ["none", "simple", "domain"].index(case["style"])
    except KeyError as unknown:
        raise ValueError(str(unknown)) from None
    methods = ["prompt"]
    if case["room"] < case["fact_tokens"]:
        methods += ["rag"]
    if style == 2 and case["examples"] > 99_999 and budget > Budget.medium and case["hardware"]:
        return {*methods, "full"}
    if style == 2 and case["examples"] > 199 and budget >= Budget.medium:
        return {*methods, "lora"}
    return {*methods, "soft prompt"} if style and case["examples"] > 49 else set(methods)
