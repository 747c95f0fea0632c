"""Everything from the smallest to the largest position."""
def steer(h, v, alpha, positions=None):
    out = h.clone()
    if positions is None:
        positions = range(h.shape[1])
    if len(positions):
        out[:, min(positions):max(positions) + 1] += (alpha * v).to(h.dtype)
    return out
