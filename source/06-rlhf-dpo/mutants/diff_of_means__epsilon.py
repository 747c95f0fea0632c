"""An epsilon of 1e-4 under the root: short differences stay short."""
def diff_of_means(pos, neg, normalize=False):
    v = pos.double().mean(0) - neg.double().mean(0)
    if normalize:
        v = v / ((v * v).sum() + 1e-4).sqrt()
    return v.to(pos.dtype)
