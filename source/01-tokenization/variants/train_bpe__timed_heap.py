"""timed: a heap of counts with entries that may be out of date."""
import heapq
from collections import Counter, defaultdict


class Last:
    """A pair that sorts the other way round."""

    def __init__(self, pair):
        self.pair = pair

    def __lt__(self, other):
        return self.pair > other.pair


def train_bpe(words, num_merges):
    rows = [[bytes([b]) for b in w] for w in words]
    freqs, counts, where = list(words.values()), Counter(), defaultdict(set)
    for n, tokens in enumerate(rows):
        for pair in zip(tokens, tokens[1:]):
            counts[pair] += freqs[n]
            where[pair].add(n)
    heap = [(-c, Last(p)) for p, c in counts.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < num_merges:
        c, last = heapq.heappop(heap)
        best = last.pair
        if counts.get(best, 0) != -c or c == 0:
            continue
        merges.append(best)
        changed = set()
        for n in where.pop(best):
            old, new, i = rows[n], [], 0
            while i < len(old):
                if i + 1 < len(old) and (old[i], old[i + 1]) == best:
                    new.append(old[i] + old[i + 1])
                    i += 2
                else:
                    new.append(old[i])
                    i += 1
            for sign, tokens in ((-1, old), (1, new)):
                for pair in zip(tokens, tokens[1:]):
                    counts[pair] += sign * freqs[n]
                    changed.add(pair)
                    if sign > 0:
                        where[pair].add(n)
            rows[n] = new
        for pair in changed:
            if counts[pair] > 0 and pair != best:
                heapq.heappush(heap, (-counts[pair], Last(pair)))
    return merges
