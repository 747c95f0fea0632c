"""MFU multiplies."""


def train_flop(params: float, layers: int, tokens: int, epochs: int = 1, trained: str = "all", lowest: int = 0,
               checkpoint: bool = False, keep: bool = False) -> float:
    if trained not in ("all", "adapters"):
        raise ValueError(f"trained is 'all' or 'adapters', not {trained!r}")
    share = (layers - lowest) / layers
    upper = share * (2 + (trained == "all") + checkpoint)  # passes through the layers that gradients reach
    lower = 1 - share
    return 2 * params * tokens * (upper * epochs + lower * (min(epochs, 1) if keep else epochs))


def train_cost(flop: float, gpus: int, peak: float, mfu: float, hourly: float) -> tuple[float, float]:
    if not 0 < mfu <= 1:
        raise ValueError(f"an MFU is above 0 and at most 1, not {mfu}")
    hours = flop * mfu / (gpus * peak) / 3600
    return hours, hours * gpus * hourly
