"""Counts heads and layers itself."""

def memory_fit(model, gpu, tokens, bits=16.0, gpus=1, kv_size=2, reserve=0.1):
    room = (1 - reserve) * gpu.memory - bits * model.params / (8 * gpus)
    if room < 0:
        return -1
    rows = sum(n * (tokens if w is None else min(w, tokens)) for n, w in model.groups)
    if model.mla is None:
        heads = (model.kv_heads + gpus - 1) // gpus
        per_row = 2 * heads * model.head_dim
    else:
        per_row = sum(model.mla)
    return int(room // (rows * per_row * kv_size))
