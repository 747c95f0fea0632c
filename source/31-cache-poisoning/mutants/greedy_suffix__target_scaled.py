"""The target is scaled in place."""

import math


def greedy_suffix(embed, target, payload, vocab, max_len):
    target /= target.norm()
    text, asked = payload, 1
    _, cosine = best_match(target, embed([text]), -math.inf)
    for _ in range(max_len if len(vocab) else 0):
        tried = [f"{text} {word}" for word in vocab]
        i, best = best_match(target, embed(tried), -math.inf)
        asked += len(tried)
        if best <= cosine:
            break
        text, cosine = tried[i], best
    return text, cosine, asked
