"""A heap of the next gain of each question."""
import heapq


def allocate_budget(p_hat: list[float], total: int, cap: int) -> list[int]:
    if total < 0 or cap < 0 or not all(0 <= p <= 1 for p in p_hat):
        raise ValueError("bad budget or probability")
    heap = [(-p, i) for i, p in enumerate(p_hat)] if cap else []
    heapq.heapify(heap)
    given = [0] * len(p_hat)
    while heap and total:
        gain, i = heapq.heappop(heap)
        if gain == 0:
            break
        given[i] += 1
        total -= 1
        if given[i] < cap:
            heapq.heappush(heap, (-p_hat[i] * (1 - p_hat[i]) ** given[i], i))
    return given
