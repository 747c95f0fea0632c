"""Width times beam paths survive."""


def beam_search_steps(expand, prm, finished, width: int, beam: int, depth: int) -> tuple:
    live, best = [((), 1.0)], (None, -1.0)
    for _ in range(depth):
        children = []
        for path, score in live:
            for step in dict.fromkeys(expand(path, beam)):  # a dict keeps the order of first occurrence
                child = (*path, step)
                scored = child, min(score, prm(child))
                if not finished(child):
                    children.append(scored)
                elif scored[1] > best[1]:
                    best = scored
        live = sorted(children, key=lambda c: -c[1])[:width * beam]  # sorted is stable
    return best if best[0] is not None else (None, 0.0)
