"""Tokens are kept in one string with spaces between: a space in a word breaks it."""
import re
from collections import Counter


def train_bpe(words, num_merges):
    rows = {b" ".join(w[i:i + 1] for i in range(len(w))): f for w, f in words.items()}
    merges = []
    while len(merges) < num_merges:
        counts = Counter()
        for row, f in rows.items():
            tokens = row.split()
            for pair in zip(tokens, tokens[1:]):
                counts[pair] += f
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        merges.append(best)
        pattern = re.compile(rb"(?<!\S)" + re.escape(b" ".join(best)) + rb"(?!\S)")
        rows = {pattern.sub(lambda m: b"".join(best), row): f for row, f in rows.items()}
    return merges
