"""Position 0 is falsy and dropped."""
def steer(h, v, alpha, positions=None):
    out = h.clone()
    if positions is None:
        positions = range(h.shape[1])
    else:
        positions = [t for t in positions if t]
    for t in positions:
        out[:, t] += (alpha * v).to(h.dtype)
    return out
