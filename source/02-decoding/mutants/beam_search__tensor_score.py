"""Score as a tensor."""
from math import inf
import torch


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    beams = [([bos], 0.0)]
    for _ in range(max_len):
        pool = []
        for ids, logp in beams:
            if ids[-1] == eos:
                pool.append((ids, logp))
                continue
            for i, lp in enumerate(step(list(ids)).tolist()):
                if lp > -inf:
                    pool.append((ids + [i], logp + lp))
        beams = sorted(pool, key=lambda h: h[1], reverse=True)[:beam]
        if all(ids[-1] == eos for ids, _ in beams):
            break
    done = [h for h in beams if h[0][-1] == eos] or beams
    score = lambda h: h[1] / (len(h[0]) - 1) ** alpha
    best = max(done, key=score)
    return best[0], torch.tensor(score(best))
