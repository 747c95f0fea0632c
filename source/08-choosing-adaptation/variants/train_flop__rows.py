"""The rows of the table, and what keep saves."""


def train_flop(params: float, layers: int, tokens: int, epochs: int = 1, trained: str = "all", lowest: int = 0,
               checkpoint: bool = False, keep: bool = False) -> float:
    if trained != "all" and trained != "adapters":
        raise ValueError(trained)
    each = 2.0 * params * tokens
    reached = each * (layers - lowest) / layers
    epoch = each + reached
    if trained == "all":
        epoch += reached
    if checkpoint:
        epoch += reached
    saved = (each - reached) * max(epochs - 1, 0) if keep else 0.0
    return epoch * epochs - saved


def train_cost(flop: float, gpus: int, peak: float, mfu: float, hourly: float) -> list[float]:
    if not (mfu > 0 and mfu <= 1):
        raise ValueError(mfu)
    seconds = flop / gpus / peak / mfu
    return [seconds / 3600, seconds * gpus * hourly / 3600]
