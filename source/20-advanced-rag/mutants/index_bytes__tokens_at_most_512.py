"""Documents are cut at 512 tokens."""
def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    per = pq_m * nbits // 8 if pq_m is not None else d * {"float32": 4, "float16": 2, "int8": 1}[dtype]
    return n * min(tokens_per_doc, 512) * per


def choose_layout(layouts, n, budget):
    best = None
    for name, options, recall in layouts:
        size = index_bytes(n, **options)
        if size <= budget and (best is None or (recall, -size) > best[0]):
            best = (recall, -size), name
    return best and best[1]
