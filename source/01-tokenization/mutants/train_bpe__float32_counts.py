"""Counts in float32: big frequencies lose their last digits."""

import numpy as np
from collections import Counter, defaultdict


def train_bpe(words, num_merges):
    rows = [[bytes([b]) for b in w] for w in words]
    freqs = [np.float32(f) for f in words.values()]
    counts, where = Counter(), defaultdict(set)
    for i, row in enumerate(rows):
        for p in zip(row, row[1:]):
            counts[p] += freqs[i]
            where[p].add(i)
    merges = []
    while len(merges) < num_merges:
        best = max(counts, key=lambda p: (counts[p], p), default=None)
        if best is None or counts[best] <= 0:
            break
        merges.append(best)
        joined = best[0] + best[1]
        for i in sorted(where[best]):
            row, new, k = rows[i], [], 0
            for p in zip(row, row[1:]):
                counts[p] -= freqs[i]
                where[p].discard(i)
                if counts[p] == 0:
                    del counts[p]
            while k < len(row):
                if tuple(row[k:k + 2]) == best:
                    new.append(joined)
                    k += 2
                else:
                    new.append(row[k])
                    k += 1
            rows[i] = new
            for p in zip(new, new[1:]):
                counts[p] += freqs[i]
                where[p].add(i)
    return merges
