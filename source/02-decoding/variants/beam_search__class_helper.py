"""A dataclass for a hypothesis, a while loop."""
from dataclasses import dataclass
import torch
def beam_search(step, bos, eos, beam, max_len, alpha=0.0):
    @dataclass
    class Hyp:
        ids: list
        logp: float
        @property
        def done(self):
            return self.ids[-1] == eos
        @property
        def score(self):
            return self.logp / (len(self.ids) - 1) ** alpha
    hyps, n = [Hyp([bos], 0.0)], 0
    while n < max_len and not all(h.done for h in hyps):
        frontier = [h for h in hyps if h.done]
        for h in hyps:
            if not h.done:
                logp = step(list(h.ids))
                for i in torch.nonzero(logp > -torch.inf).flatten().tolist():
                    frontier.append(Hyp(h.ids + [i], h.logp + logp[i].item()))
        frontier.sort(key=lambda h: h.logp, reverse=True)
        hyps, n = frontier[:beam], n + 1
    done = [h for h in hyps if h.done]
    best = max(done if done else hyps, key=lambda h: h.score)
    return [best.ids, best.score]
