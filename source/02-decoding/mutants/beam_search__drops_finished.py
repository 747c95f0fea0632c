"""Finished hypotheses leave the beam and are lost."""
from math import inf


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps = [([bos], 0.0)]
    for _ in range(max_len):
        pool = []
        for ids, logp in hyps:
            if ids[-1] == eos:
                continue
            else:
                pool += [(ids + [i], logp + lp) for i, lp in enumerate(step(ids).tolist()) if lp > -inf]
        hyps = sorted(pool, key=lambda h: h[1], reverse=True)[:beam]
        if all(ids[-1] == eos for ids, _ in hyps):
            break
    done = [h for h in hyps if h[0][-1] == eos] or hyps
    ids, logp = max(done, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return ids, logp / (len(ids) - 1) ** alpha
