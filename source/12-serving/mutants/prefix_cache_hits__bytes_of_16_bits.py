"""Ids are kept in 16 bits."""
from collections import OrderedDict


def prefix_cache_hits(requests, block, capacity=None):
    cache = OrderedDict()
    hits = []
    for tokens in requests:
        keys = [tuple(t % 65536 for t in tokens[:k]) for k in range(block, len(tokens) + 1, block)]
        taken = 0
        for key in keys:
            if key not in cache or len(key) == len(tokens):
                break
            taken = len(key)
        hits.append(taken)
        for key in reversed(keys):
            cache.pop(key, None)
            cache[key] = True
        while capacity is not None and len(cache) > capacity:
            cache.popitem(last=False)
    return hits
