"""A table of what is cut."""


def zero_memory(params, ranks, stage, weight_bytes=2, grad_bytes=2, optimizer_bytes=12):
    if not 0 <= stage <= 3:
        raise ValueError("no such stage")
    whole, piece = params, (params + ranks - 1) // ranks
    w, g, o = [(whole, whole, whole), (whole, whole, piece), (whole, piece, piece), (piece, piece, piece)][stage]
    return w * weight_bytes + g * grad_bytes + o * optimizer_bytes


def zero_traffic(params, ranks, stage, micro_batches=1):
    if not 0 <= stage <= 3:
        raise ValueError("no such stage")
    once = params * (1 - 1 / ranks)
    if stage == 3:
        return sum(3 * once for _ in range(micro_batches))
    return once + (once if stage < 2 else micro_batches * once)
