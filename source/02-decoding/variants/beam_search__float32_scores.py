"""Log-probabilities kept in float32 tensors throughout."""
import torch
def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    hyps = [([bos], torch.tensor(0.0))]
    for _ in range(max_len):
        pool = []
        for ids, lp in hyps:
            if ids[-1] == eos:
                pool.append((ids, lp))
                continue
            logp = step(ids).float()
            for i in range(len(logp)):
                if logp[i] != float("-inf"):
                    pool.append((ids + [i], lp + logp[i]))
        hyps = sorted(pool, key=lambda h: h[1], reverse=True)[:beam]
        if all(h[0][-1] == eos for h in hyps):
            break
    done = [h for h in hyps if h[0][-1] == eos] or hyps
    ids, lp = max(done, key=lambda h: h[1] / (len(h[0]) - 1) ** alpha)
    return ids, (lp / (len(ids) - 1) ** alpha).item()
