"""A loop that keeps the best so far."""

import math


def mcq_loglik(logps, options, norm="none", n_prompt=0):
    best, best_score = 0, None
    for j in range(len(options)):
        own = logps[j].tolist()[n_prompt:]
        score = math.fsum(own) if -math.inf not in own else -math.inf
        if norm == "tokens":
            score = score / len(own)
        elif norm == "bytes":
            score = score / len(options[j].encode())
        elif norm != "none":
            raise ValueError("no such norm")
        if best_score is None or score > best_score:
            best, best_score = j, score
    return best


def chance_adjusted(acc, k):
    if k <= 1:
        raise ValueError("two options at least")
    return (k * acc - 1) / (k - 1)
