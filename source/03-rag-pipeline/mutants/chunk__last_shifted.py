"""The last window is moved back so that it is full."""


def chunk(n: int, size: int, overlap: int) -> list[tuple[int, int]]:
    if size < 1 or not 0 <= overlap < size:
        raise ValueError(f"size {size} and overlap {overlap} do not go together")
    stride = size - overlap
    return [(max(0, min(start, n - size)), min(start + size, n)) for start in range(0, max(n - overlap, min(n, 1)), stride)]
