"""Stops when no live path can beat the best finished one."""


def beam_search_steps(expand, prm, finished, width: int, beam: int, depth: int) -> tuple:
    paths, scores = [()], {(): 1.0}
    best = None
    while depth and paths:
        depth -= 1
        new = []
        for path in paths:
            steps = expand(path, beam)
            for i, step in enumerate(steps):
                if step in steps[:i]:
                    continue
                child = (*path, step)
                scores[child] = min(scores[path], prm(child))
                if finished(child):
                    if best is None or scores[child] > scores[best]:
                        best = child
                else:
                    new.append(child)
        new.sort(key=scores.get, reverse=True)
        paths = new[:width]
        if best is not None and all(scores[p] <= scores[best] for p in paths):
            break
    return (None, 0.0) if best is None else (best, scores[best])
