"""float64 goes through float32."""
def diff_of_means(pos, neg, normalize=False):
    v = pos.float().mean(0) - neg.float().mean(0)
    return (v / v.norm() if normalize else v).to(pos.dtype)
