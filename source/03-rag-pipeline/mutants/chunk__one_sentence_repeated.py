"""At most one sentence is repeated."""
from collections.abc import Sequence


def chunk_sentences(lengths: Sequence[int], size: int, overlap: int) -> list[tuple[int, int]]:
    chunk(0, size, overlap)  # raises where the two do not go together
    spans, start, n = [], 0, len(lengths)
    while start < n:
        end, total = start + 1, lengths[start]
        while end < n and total + lengths[end] <= size:
            total, end = total + lengths[end], end + 1
        spans.append((start, end))
        if end == n:
            break
        start, room = end, min(overlap, size - lengths[end])
        if lengths[start - 1] <= room:
            start -= 1
    return spans
