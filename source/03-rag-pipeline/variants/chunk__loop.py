"""Window by window, sentence by sentence, with an explicit sum."""


def chunk(n, size, overlap):
    if size < 1 or overlap < 0 or overlap >= size:
        raise ValueError("size and overlap")
    spans, start = [], 0
    while start < n:
        spans.append((start, min(n, start + size)))
        if start + size >= n:
            break
        start += size - overlap
    return spans


def chunk_sentences(lengths, size, overlap):
    if size < 1 or overlap < 0 or overlap >= size:
        raise ValueError("size and overlap")
    spans, start = [], 0
    while start < len(lengths):
        end = start + 1
        while end < len(lengths) and sum(lengths[start:end + 1]) <= size:
            end += 1
        spans.append((start, end))
        if end == len(lengths):
            return spans
        for s in range(start + 1, end + 1):
            if s == end or sum(lengths[s:end]) <= overlap and sum(lengths[s:end + 1]) <= size:
                start = s
                break
    return spans
