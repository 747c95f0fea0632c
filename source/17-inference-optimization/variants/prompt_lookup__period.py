"""The period of the copy, by the remainder."""

def prompt_lookup(ids, k, longest=3, shortest=1):
    T = len(ids)
    best = None
    for n in range(shortest, min(longest, T - 1) + 1):
        places = [i for i in range(T - n) if all(ids[i + j] == ids[T - n + j] for j in range(n))]
        if places:
            best = places[-1] + n
    if best is None:
        return []
    return [ids[best + j % (T - best)] for j in range(k)]
