"""SHA-256 chains and a clock: the smallest times are dropped."""
import hashlib


def prefix_cache_hits(requests, block, capacity=None):
    last_use, clock, hits = {}, 0, ()
    for tokens in requests:
        chain, parent = [], b""
        for j in range(len(tokens) // block):
            parent = hashlib.sha256(parent + repr(tokens[j * block:(j + 1) * block]).encode()).digest()
            chain.append(parent)
        usable = chain[:max(len(tokens) - 1, 0) // block]
        n = next((j for j, key in enumerate(usable) if key not in last_use), len(usable))
        hits += (n * block,)
        clock += len(chain)
        for j, key in enumerate(chain):
            last_use[key] = clock - j
        if capacity is not None:
            kept = sorted(last_use, key=last_use.get, reverse=True)[:capacity]
            last_use = {key: last_use[key] for key in kept}
    return hits
