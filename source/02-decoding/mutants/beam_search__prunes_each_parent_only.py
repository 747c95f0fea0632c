"""Each hypothesis keeps its own `beam` best children, and the pool of all of them is never cut."""
from math import inf


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps = [([bos], 0.0)]
    for _ in range(max_len):
        pool = []
        for ids, logp in hyps:
            if ids[-1] == eos:
                pool.append((ids, logp))
                continue
            best = step(ids).topk(min(beam, len(step(ids))))
            pool += [(ids + [i], logp + lp) for lp, i in zip(best.values.tolist(), best.indices.tolist()) if lp > -inf]
        hyps = pool
    best = max([h for h in hyps if h[0][-1] == eos] or hyps, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return best[0], best[1] / (len(best[0]) - 1) ** alpha
