"""Another process does the work, so that its time is not on the learner's clock."""
# attacks: power
# says: stopped|too slow
import concurrent.futures


def work(a, n):
    out = a
    for _ in range(n - 1):
        out = out @ a
    return out


def answer(a, n):
    with concurrent.futures.ProcessPoolExecutor(1) as pool:
        return pool.submit(work, a, n).result(5)
