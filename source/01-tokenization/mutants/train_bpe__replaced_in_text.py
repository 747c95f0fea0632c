"""A pair is replaced in the text of tokens without looking where a token begins."""
from collections import Counter


def train_bpe(words, num_merges):
    rows = [(b"\x01".join(w[i:i + 1] for i in range(len(w))), f) for w, f in words.items()]
    merges = []
    while len(merges) < num_merges:
        counts = Counter()
        for row, f in rows:
            tokens = row.split(b"\x01")
            for pair in zip(tokens, tokens[1:]):
                counts[pair] += f
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        rows = [(row.replace(b"\x01".join(best), b"".join(best)), f) for row, f in rows]
    return merges
