"""Keeps one hypothesis for each last token, as Viterbi would."""
import torch


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps = [([bos], 0.0)]
    for _ in range(max_len):
        pool = []
        for ids, lp in hyps:
            if ids[-1] == eos:
                pool.append((ids, lp))
                continue
            pool += [(ids + [i], lp + x) for i, x in enumerate(step(ids).tolist()) if x > -torch.inf]
        best = {}
        for ids, lp in sorted(pool, key=lambda h: h[1], reverse=True):
            best.setdefault((ids[-1], len(ids) if ids[-1] == eos else 0), (ids, lp))
        hyps = list(best.values())[:beam]
        if all(h[0][-1] == eos for h in hyps):
            break
    done = [h for h in hyps if h[0][-1] == eos] or hyps
    ids, lp = max(done, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return ids, lp / (len(ids) - 1) ** alpha
