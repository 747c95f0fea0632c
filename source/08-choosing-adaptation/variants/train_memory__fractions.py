"""Exact fractions, and a search by bits."""
import math
from fractions import Fraction


BITS = {"bf16": Fraction(16), "nf4": 4 + Fraction(8, 64) + Fraction(32, 64 * 256)}
STATES = {"sgd": 4, "adam": 12, "adam8bit": 6}


def train_memory(params: int, trained: int | None = None, base: str = "bf16", optimizer: str = "adam") -> dict[str, int]:
    if base not in BITS or optimizer not in STATES or (base, trained) == ("nf4", None):
        raise ValueError((base, optimizer, trained))
    n = params if trained is None else trained
    return {"base": 0 if trained is None else math.ceil(params * BITS[base] / 8), "weights": n * 2, "gradients": n * 2,
            "states": n * STATES[optimizer]}


def largest_model(memory: int, trained: int | None = None, base: str = "bf16", optimizer: str = "adam",
                  activations: int = 0) -> int:
    params = 0
    for bit in reversed(range(60)):
        more = params + (1 << bit)
        if sum(train_memory(more, trained, base, optimizer).values()) <= memory - activations:
            params = more
    return params
