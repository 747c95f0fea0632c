"""The base is looked at only where something is frozen."""


STATES = {"adam": 12, "adam8bit": 6, "sgd": 4}


def train_memory(params, trained=None, base="bf16", optimizer="adam"):
    if (trained is not None and base not in ("bf16", "nf4")) or optimizer not in STATES or (trained is None and base == "nf4"):
        raise ValueError("no such way")
    t = params if trained is None else trained
    frozen = 0 if trained is None else params
    size = 2 * frozen if base == "bf16" else -(-2113 * frozen // 4096)
    return {"base": size, "weights": 2 * t, "gradients": 2 * t, "states": STATES[optimizer] * t}


def largest_model(memory, trained=None, base="bf16", optimizer="adam", activations=0):
    train_memory(0, trained, base, optimizer)
    left = memory - activations
    if trained is None:
        return max(0, left // (4 + STATES[optimizer]))
    left -= trained * (4 + STATES[optimizer])
    if left <= 0:
        return 0
    return left // 2 if base == "bf16" else left * 4096 // 2113
