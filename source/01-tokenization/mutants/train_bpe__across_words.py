"""Pairs across the end of a word are counted."""
from collections import Counter


def train_bpe(words, num_merges):
    rows = [([w[i:i + 1] for i in range(len(w))], f) for w, f in words.items()]
    merges = []
    while len(merges) < num_merges:
        counts = Counter()
        for (a, f), (b, _) in zip(rows, rows[1:]):
            if a and b:
                counts[a[-1], b[0]] += 1
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
                    i += 2
                else:
                    new.append(tokens[i])
                    i += 1
            new_rows.append((new, f))
        rows = new_rows
    return merges
