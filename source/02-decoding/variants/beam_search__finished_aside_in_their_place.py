"""Finished hypotheses wait in a list of their own, and the beam has so many places less."""
import torch


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps, aside = [([bos], 0.0)], []
    for _ in range(max_len):
        pool = []
        for ids, lp in hyps:
            pool += [(ids + [i], lp + x) for i, x in enumerate(step(ids).tolist()) if x > -torch.inf]
        hyps = sorted(pool, key=lambda h: h[1], reverse=True)[:beam - len(aside)]
        aside += [h for h in hyps if h[0][-1] == eos]
        hyps = [h for h in hyps if h[0][-1] != eos]
        if not hyps or len(aside) >= beam:
            break
    done = aside or hyps
    ids, lp = max(done, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return ids, lp / (len(ids) - 1) ** alpha
