"""No master copy."""


def train_memory(params: int, trained: int | None = None, base: str = "bf16",
                 optimizer: str = "adam") -> dict[str, int]:
    bits = {"bf16": 16 * 512, "nf4": 4 * 512 + 64 + 1}  # of one weight, in 512ths
    states = {"adam": 8, "adam8bit": 2, "sgd": 0}
    if base not in bits or optimizer not in states or (trained is None and base == "nf4"):
        raise ValueError(f"cannot train with base {base!r}, optimizer {optimizer!r}, trained={trained}")
    frozen, moved = (0, params) if trained is None else (params, trained)
    return {"base": -(-frozen * bits[base] // 4096), "weights": 2 * moved, "gradients": 2 * moved,
            "states": states[optimizer] * moved}


def largest_model(memory: int, trained: int | None = None, base: str = "bf16", optimizer: str = "adam",
                  activations: int = 0) -> int:
    def fits(params: int) -> bool:
        return sum(train_memory(params, trained, base, optimizer).values()) + activations <= memory
    if not fits(1):
        return 0
    low, high = 1, 2
    while fits(high):
        low, high = high, 2 * high
    while high - low > 1:  # low fits, high does not
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
