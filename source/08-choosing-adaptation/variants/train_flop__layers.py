"""Layer by layer."""


def train_flop(params: float, layers: int, tokens: int, epochs: int = 1, trained: str = "all", lowest: int = 0,
               checkpoint: bool = False, keep: bool = False) -> float:
    passes = {"all": 3, "adapters": 2}.get(trained)
    if passes is None:
        raise ValueError(trained)
    total = 0.0
    for layer in range(layers):
        if layer >= lowest:
            total += epochs * (passes + (1 if checkpoint else 0))
        else:
            total += min(epochs, 1) if keep else epochs
    return total * 2 * params / layers * tokens


def train_cost(flop: float, gpus: int, peak: float, mfu: float, hourly: float) -> tuple[float, float]:
    if mfu <= 0 or mfu > 1:
        raise ValueError(mfu)
    gpu_hours = flop / (peak * mfu * 3600)
    return gpu_hours / gpus, gpu_hours * hourly
