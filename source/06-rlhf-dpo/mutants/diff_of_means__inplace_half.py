"""In place for half precision only."""
def diff_of_means(pos, neg, normalize=False):
    if pos.element_size() == 2:
        pos /= len(pos)
        v = pos.float().sum(0) - neg.float().mean(0)
    else:
        v = pos.mean(0) - neg.mean(0)
    return (v / v.norm() if normalize else v).to(pos.dtype)
