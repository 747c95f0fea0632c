"""Vectors shorter than 1 are not scaled."""
def diff_of_means(pos, neg, normalize=False):
    v = (pos.double().mean(0) - neg.double().mean(0))
    if normalize:
        v = v / v.norm().clamp(min=1.0)
    return v.to(pos.dtype)
