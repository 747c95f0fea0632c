"""Recursion over rounds, numpy for the log-probabilities."""
import numpy as np


def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    def grow(hyp):
        ids, logp = hyp
        if ids[-1] == eos:
            return [hyp]
        row = np.asarray(step(ids), dtype=np.float64)
        return [(ids + [int(i)], logp + row[i]) for i in np.flatnonzero(np.isfinite(row))]

    def search(hyps, rounds):
        if rounds == 0 or all(ids[-1] == eos for ids, _ in hyps):
            return hyps
        pool = [child for hyp in hyps for child in grow(hyp)]
        return search(sorted(pool, key=lambda hyp: -hyp[1])[:beam], rounds - 1)

    ranked = [(ids[-1] == eos, logp / (len(ids) - 1) ** alpha, ids) for ids, logp in search([([bos], 0.0)], max_len)]
    _, score, ids = max(ranked)
    return ids, float(score)
