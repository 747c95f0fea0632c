"""Recent tokens get score 0 before the choice, and compete with old zeros."""


def h2o_keep(scores, heavy, recent):
    S = len(scores)
    old = max(S - recent, 0)
    masked = scores.clone()
    masked[old:] = 0
    top = masked.flip(0).topk(min(heavy, S)).indices
    return sorted({S - 1 - i for i in top.tolist()} | set(range(old, S)))
