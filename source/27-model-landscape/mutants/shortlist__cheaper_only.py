"""Only a cheaper model dominates."""

from typing import Any


def shortlist(models: list[dict[str, Any]], context: int = 0, open_weights: bool = False,
              sure: bool = True) -> list[str]:
    fit = [m for m in models if m["context"] >= context and (m["open"] or not open_weights)]

    def beats(j: dict, i: dict) -> bool:
        if j["cost"] >= i["cost"]:
            return False
        if sure:
            return j["low"] > i["high"]
        return j["quality"] >= i["quality"] and (j["cost"] < i["cost"] or j["quality"] > i["quality"])

    left = [i for i in fit if not any(beats(j, i) for j in fit)]
    return [m["name"] for m in sorted(left, key=lambda m: (m["cost"], -m["quality"]))]
