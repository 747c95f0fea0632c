"""Places are joined from the right."""
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
            new, i = [], len(tokens)
            while i > 0:
                if i > 1 and tokens[i - 2:i] == [left, right]:
                    new.insert(0, left + right)
                    i -= 2
                else:
                    new.insert(0, tokens[i - 1])
                    i -= 1
            new_rows.append((new, f))
        rows = new_rows
    return merges
