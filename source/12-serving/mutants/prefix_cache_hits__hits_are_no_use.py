"""A hit does not count as a use: first in, first out."""


def prefix_cache_hits(requests, block, capacity=None):
    cache, hits = ({}, [])
    for tokens in requests:
        keys, found, key = ([], 0, None)
        for i in range(0, len(tokens) - block + 1, block):
            key = hash((key, *tokens[i:i + block]))
            keys.append(key)
        while found < len(keys) and keys[found] in cache and ((found + 1) * block < len(tokens)):
            found += 1
        hits.append(found * block)
        for key in reversed(keys):
            cache.setdefault(key, True)
        while capacity is not None and len(cache) > capacity:
            del cache[next(iter(cache))]
    return hits
