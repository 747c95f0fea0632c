"""The last, shorter window is dropped."""


def chunk(n: int, size: int, overlap: int) -> list[tuple[int, int]]:
    if size < 1 or not 0 <= overlap < size:
        raise ValueError(f"size {size} and overlap {overlap} do not go together")
    stride = size - overlap
    return [(start, min(start + size, n)) for start in range(0, n - size + 1, stride)]
