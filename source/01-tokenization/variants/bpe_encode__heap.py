"""A heap of places and a linked list."""
import heapq


def bpe_encode(piece, ranks):
    tokens = [piece[i:i + 1] for i in range(len(piece))]
    after, before = list(range(1, len(tokens) + 1)), list(range(-1, len(tokens) - 1))
    heap = []

    def offer(i):
        j = after[i] if i >= 0 else len(tokens)
        if i >= 0 and j < len(tokens) and (tokens[i], tokens[j]) in ranks:
            heapq.heappush(heap, (ranks[tokens[i], tokens[j]], i, tokens[i], tokens[j]))

    for i in range(len(tokens)):
        offer(i)
    while heap:
        _, i, left, right = heapq.heappop(heap)
        j = after[i] if tokens[i] is not None else len(tokens)
        if j >= len(tokens) or tokens[i] != left or tokens[j] != right:
            continue
        tokens[i], tokens[j] = left + right, None
        after[i] = after[j]
        if after[j] < len(tokens):
            before[after[j]] = i
        offer(i)
        offer(before[i])
    return [t for t in tokens if t is not None]
