"""A heap of scores and serial numbers; results kept in a list."""
import heapq
import itertools


def beam_search_steps(expand, prm, finished, width: int, beam: int, depth: int) -> tuple:
    serial = itertools.count()
    live, done = [(-1.0, next(serial), ())], []
    for _ in range(depth):
        born = []
        for cost, _, path in live:
            seen = set()
            for step in expand(path, beam):
                if step in seen:
                    continue
                seen.add(step)
                child = path + (step,)
                entry = (max(cost, -prm(child)), next(serial), child)
                (done if finished(child) else born).append(entry)
        live = heapq.nsmallest(width, born)
        if not live:
            break
    if not done:
        return None, 0.0
    cost, _, path = min(done)
    return path, -cost
