"""The exact distribution of U, by counting; sorted medians."""
import math


def timing_probe(ask, base, paraphrases, nonce):
    import statistics
    n = len(paraphrases)
    if n < 5:
        raise ValueError("too few")
    ask(base)
    again, alike, new = [], [], []
    for p in paraphrases:
        again.append(ask(base))
        alike.append(ask(p))
        new.append(ask(nonce()))
    ways = {(0, 0, 0): 1}
    for _ in range(2 * n):  # words of n As and n Bs by their number of inversions
        step = {}
        for (a, b, u), w in ways.items():
            if a < n:
                step[a + 1, b, u + b] = step.get((a + 1, b, u + b), 0) + w
            if b < n:
                step[a, b + 1, u] = step.get((a, b + 1, u), 0) + w
        ways = step
    total = math.comb(2 * n, n)

    def faster(arm):
        slower = sum(x > y for x in arm for y in new) + 0.5 * sum(x == y for x in arm for y in new)
        p = sum(w for (_, _, u), w in ways.items() if u <= slower) / total
        return statistics.median(arm) < statistics.median(new) / 2 and p < 0.01

    return "none" if not faster(again) else "semantic" if faster(alike) else "exact"
