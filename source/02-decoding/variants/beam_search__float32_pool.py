"""The pool's scores in a float32 tensor for topk; the sums stay Python floats."""
import torch
def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps = [([bos], 0.0)]
    for _ in range(max_len):
        pool = []
        for ids, lp in hyps:
            if ids[-1] == eos:
                pool.append((ids, lp))
                continue
            for i, x in enumerate(step(ids)):
                if x > -torch.inf:
                    pool.append((ids + [i], lp + x.item()))
        top = torch.tensor([lp for _, lp in pool]).topk(min(beam, len(pool))).indices
        hyps = [pool[i] for i in top]
        if all(h[0][-1] == eos for h in hyps):
            break
    done = [h for h in hyps if h[0][-1] == eos] or hyps
    ids, lp = max(done, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return ids, lp / (len(ids) - 1) ** alpha
