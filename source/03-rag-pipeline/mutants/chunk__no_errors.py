"""An overlap of size or more is corrected, not refused."""


def chunk(n: int, size: int, overlap: int) -> list[tuple[int, int]]:
    if size < 1 or not 0 <= overlap < size:
        size, overlap = max(size, 1), max(0, min(overlap, size - 1))
    stride = size - overlap
    return [(start, min(start + size, n)) for start in range(0, max(n - overlap, min(n, 1)), stride)]
