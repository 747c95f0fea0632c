"""zip(strict=True) finds the verdict that was left out."""
import math


def faithfulness(answer, contexts, split, judge):
    kept = list(filter(None, map(str.strip, split(answer))))
    if not kept:
        return math.nan
    if len(contexts) == 0:
        return 0.0
    pairs = zip(kept, judge("\n".join(contexts), kept), strict=True)
    return sum(1 for _, verdict in pairs if verdict) / len(kept)


context_recall = faithfulness
