"""Plain Python, stable sort."""

def h2o_keep(scores, heavy, recent):
    values = scores.tolist()
    cut = len(values) - recent
    old = [i for i in range(len(values)) if i < cut]
    old.sort(key=values.__getitem__, reverse=True)
    return sorted(old[:heavy] + [i for i in range(len(values)) if i >= cut])
