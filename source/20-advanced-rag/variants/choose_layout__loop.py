"""A loop that remembers the best."""
def choose_layout(layouts, n, budget):
    best = None
    for name, options, recall in layouts:
        size = index_bytes(n=n, **options)
        if size > budget:
            continue
        if best is None or recall > best[1] or (recall == best[1] and size < best[2]):
            best = (name, recall, size)
    return best and best[0]
