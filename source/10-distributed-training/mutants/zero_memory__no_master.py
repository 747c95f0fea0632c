"""The master weights are forgotten: 8 bytes of states."""


def zero_memory(params, ranks, stage, weight_bytes=2, grad_bytes=2, optimizer_bytes=12):
    if stage not in (0, 1, 2, 3):
        raise ValueError(f"stage is 0, 1, 2 or 3, not {stage}")
    cut = -(-params // ranks)
    return ((cut if stage >= 3 else params) * weight_bytes + (cut if stage >= 2 else params) * grad_bytes
            + (cut if stage >= 1 else params) * (optimizer_bytes - 4))


def zero_traffic(params, ranks, stage, micro_batches=1):
    if stage not in (0, 1, 2, 3):
        raise ValueError(f"stage is 0, 1, 2 or 3, not {stage}")
    passes = {0: 2, 1: 2, 2: micro_batches + 1, 3: 3 * micro_batches}[stage]
    return passes * params * (ranks - 1) / ranks
