"""The inverse in closed form."""


def train_memory(params: int, trained: int | None = None, base: str = "bf16", optimizer: str = "adam") -> dict[str, int]:
    if optimizer not in ("adam", "adam8bit", "sgd") or base not in ("bf16", "nf4"):
        raise ValueError(f"{base}, {optimizer}")
    state = 12 if optimizer == "adam" else 6 if optimizer == "adam8bit" else 4
    if trained is None:
        if base == "nf4":
            raise ValueError("4 bits cannot be trained")
        return {"base": 0, "weights": 2 * params, "gradients": 2 * params, "states": state * params}
    frozen = 2 * params if base == "bf16" else (params * 2113 + 4095) // 4096
    return {"base": frozen, "weights": 2 * trained, "gradients": 2 * trained, "states": state * trained}


def largest_model(memory: int, trained: int | None = None, base: str = "bf16", optimizer: str = "adam",
                  activations: int = 0) -> int:
    each = sum(train_memory(1, None, "bf16", optimizer).values())
    train_memory(1, trained, base, optimizer)  # is there such a way?
    room = memory - activations - (trained or 0) * each
    if trained is None:
        return max(room // each, 0)
    return max(room // 2 if base == "bf16" else room * 4096 // 2113, 0)
