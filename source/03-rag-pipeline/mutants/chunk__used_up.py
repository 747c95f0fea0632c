"""Lengths that are too long are cut in the list that was passed in."""


def chunk(n, size, overlap):
    if size < 1 or overlap < 0 or overlap >= size:
        raise ValueError("size and overlap")
    spans, start = [], 0
    while start < n:
        end = min(start + size, n)
        spans.append((start, end))
        if end == n:
            break
        start += size - overlap
    return spans


def chunk_sentences(lengths, size, overlap):
    if size < 1 or overlap < 0 or size <= overlap:
        raise ValueError("size and overlap")
    for i, length in enumerate(lengths):
        if length > size:
            lengths[i] = size
    spans, start, n = [], 0, len(lengths)
    while start < n:
        end, held = start + 1, lengths[start]
        while end < n and held + lengths[end] <= size:
            held += lengths[end]
            end += 1
        spans.append((start, end))
        if end == n:
            break
        room = min(overlap, size - lengths[end])
        s, repeated = end, 0
        while s - 1 > start and repeated + lengths[s - 1] <= room:
            s -= 1
            repeated += lengths[s]
        start = s
    return spans
