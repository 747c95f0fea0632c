"""Counted windows; running sums and bisection for sentences."""
import bisect


def chunk(n, size, overlap):
    if size < 1 or not 0 <= overlap <= size - 1:
        raise ValueError(f"{size}, {overlap}")
    if n == 0:
        return []
    count = 1 + max(0, -(-(n - size) // (size - overlap)))
    return [[i * (size - overlap), min(n, i * (size - overlap) + size)] for i in range(count)]


def chunk_sentences(lengths, size, overlap):
    if size < 1 or not 0 <= overlap <= size - 1:
        raise ValueError(f"{size}, {overlap}")
    sums = [0]
    for n in lengths:
        sums.append(sums[-1] + n)
    spans, start, N = [], 0, len(lengths)
    while start < N:
        end = max(start + 1, bisect.bisect_right(sums, sums[start] + size) - 1)
        spans.append((start, end))
        if end >= N:
            break
        start = min(end, bisect.bisect_left(sums, max(sums[end] - overlap, sums[end + 1] - size)))
    return spans
