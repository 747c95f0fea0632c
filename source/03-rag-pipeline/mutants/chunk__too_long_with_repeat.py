"""Sentences are repeated though the new one then does not fit: the chunk is too long."""
from collections.abc import Sequence


def chunk_sentences(lengths: Sequence[int], size: int, overlap: int) -> list[tuple[int, int]]:
    chunk(0, size, overlap)  # raises where the two do not go together
    spans, start, n, first = [], 0, len(lengths), 0
    while start < n:
        end, total = max(start, first) + 1, sum(lengths[start:max(start, first) + 1])
        while end < n and total + lengths[end] <= size:
            total, end = total + lengths[end], end + 1
        spans.append((start, end))
        if end == n:
            break
        start, room, first = end, overlap, end
        while start - 1 > spans[-1][0] and lengths[start - 1] <= room:
            start, room = start - 1, room - lengths[start - 1]
    return spans
