"""topk_dims looks at magnitudes rounded to two digits."""
def topk_dims(delta, k):
    return (delta.abs() * 100).round().topk(k).indices
