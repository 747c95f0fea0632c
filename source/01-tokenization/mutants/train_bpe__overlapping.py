"""The middle of a run is used by two joins."""
from collections import Counter


def train_bpe(words, num_merges):
    rows = [([w[i:i + 1] for i in range(len(w))], f) for w, f in words.items()]
    merges = []
    while len(merges) < num_merges:
        counts = Counter()
        for tokens, f in rows:
            for pair in zip(tokens, tokens[1:]):
                counts[pair] += f
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        left, right = best
        new_rows = []
        for tokens, f in rows:
            new, i = [], 0
            while i < len(tokens):
                if tokens[i:i + 2] == [left, right]:
                    new.append(left + right)
                    i += 2 if tokens[i + 1:i + 3] != [left, right] else 1
                else:
                    new.append(tokens[i])
                    i += 1
            new_rows.append((new, f))
        rows = new_rows
    return merges
