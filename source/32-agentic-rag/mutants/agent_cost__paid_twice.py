"""Cached tokens are paid at both prices."""
from collections.abc import Mapping, Sequence


def agent_cost(base: int, outputs: Sequence[int], observations: Sequence[int], prices: Mapping[str, float],
               keep: int | None = None, stub: int = 10) -> dict:
    inputs, cached = [], []
    for i in range(len(outputs)):
        first_whole = 0 if keep is None else max(i - keep, 0)
        sizes = [stub] * min(first_whole, i) + list(observations[first_whole:i])
        inputs.append(base + sum(outputs[:i]) + sum(sizes))
        if first_whole == 0:
            cached.append(inputs[-2] if i > 0 else 0)
        else:  # observation first_whole - 1 has just become a stub
            changed = first_whole - 1
            cached.append(base + sum(outputs[:changed + 1]) + stub * changed)
    new = sum(inputs)
    dollars = new * prices["input"] + sum(cached) * prices["cached"] + sum(outputs) * prices["output"]
    return {"input": inputs, "cached": cached, "dollars": dollars / 1e6}
