"""Keys are the whole prefixes, as tuples; an OrderedDict."""
from collections import OrderedDict


def prefix_cache_hits(requests, block, capacity=None):
    cache, out = OrderedDict(), []
    for tokens in requests:
        prefixes = [tuple(tokens[:end]) for end in range(block, len(tokens) + 1, block)]
        n = 0
        for prefix in prefixes:
            if prefix not in cache or len(prefix) >= len(tokens):
                break
            n = len(prefix)
        out.append(n)
        for prefix in prefixes[::-1]:
            cache[prefix] = None
            cache.move_to_end(prefix)
        while capacity is not None and len(cache) > capacity:
            cache.popitem(last=False)
    return out
