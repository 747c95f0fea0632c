"""Paths of score 0 are dropped."""
def beam_search_steps(expand, prm, finished, width, beam, depth):
    live, best = [((), 1.0)], None
    for _ in range(depth):
        children = []
        for path, score in live:
            for step in dict.fromkeys(expand(path, beam)):
                child = path + (step,)
                s = min(score, prm(child))
                if finished(child):
                    if best is None or s > best[1]:
                        best = (child, s)
                elif s > 0:
                    children.append((child, s))
        children.sort(key=lambda c: -c[1])
        live = children[:width]
        if not live:
            break
    return best or (None, 0.0)
