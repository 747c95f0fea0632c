"""The token bos is never generated."""
import math
def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps = [([bos], 0.0)]
    score = lambda h: h[1] / max(len(h[0]) - 1, 1) ** alpha
    for _ in range(max_len):
        pool = []
        for ids, lp in hyps:
            if ids[-1] == eos:
                pool.append((ids, lp))
            else:
                pool += [(ids + [i], lp + x) for i, x in enumerate(step(ids).tolist()) if x > -math.inf and i != bos]
        hyps = sorted(pool, key=lambda h: -h[1])[:beam]
        if all(ids[-1] == eos for ids, _ in hyps):
            break
    best = max([h for h in hyps if h[0][-1] == eos] or hyps, key=score)
    return best[0], score(best)
