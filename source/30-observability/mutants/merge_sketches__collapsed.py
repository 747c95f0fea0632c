"""beyond 2,048 buckets the lowest are collapsed, as the library does"""
import math


def sketch(values, alpha):
    gamma = (1 + alpha) / (1 - alpha)
    zero, buckets = 0, {}
    for x in values:
        if not 0 <= x < math.inf:
            raise ValueError("value")
        if x == 0:
            zero += 1
        else:
            i = math.ceil(math.log(x) / math.log(gamma))
            buckets[i] = buckets.get(i, 0) + 1
    while len(buckets) > 2048:
        a, b = sorted(buckets)[:2]
        buckets[b] += buckets.pop(a)
    return {"alpha": alpha, "zero": zero, "buckets": buckets}
