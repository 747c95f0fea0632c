"""timed: counts kept and deleted at zero; the reference's idea in another dress."""
from collections import Counter, defaultdict


def train_bpe(words, num_merges):
    rows = [[w[i:i + 1] for i in range(len(w))] for w in words]
    freqs = list(words.values())
    counts, where = Counter(), defaultdict(set)
    for n, tokens in enumerate(rows):
        for pair in zip(tokens, tokens[1:]):
            counts[pair] += freqs[n]
            where[pair].add(n)
    merges = []
    while len(merges) < num_merges and counts:
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        for n in list(where[best]):
            old, new, i = rows[n], [], 0
            for pair in zip(old, old[1:]):
                counts[pair] -= freqs[n]
                if not counts[pair]:
                    del counts[pair]
                where[pair].discard(n)
            while i < len(old):
                if tuple(old[i:i + 2]) == best:
                    new.append(best[0] + best[1])
                    i += 2
                else:
                    new.append(old[i])
                    i += 1
            for pair in zip(new, new[1:]):
                counts[pair] += freqs[n]
                where[pair].add(n)
            rows[n] = new
    return merges
