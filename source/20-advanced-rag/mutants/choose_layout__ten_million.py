"""Number of documents ignored in the choice beyond a million."""


def index_bytes(n, d, dtype="float32", pq_m=None, tokens_per_doc=1, nbits=8):
    per = {"float32": 4, "float16": 2, "int8": 1}[dtype] * d if pq_m is None else pq_m * nbits // 8
    return n * tokens_per_doc * per


def choose_layout(layouts, n, budget):
    best, name = None, None
    for label, options, recall in layouts:
        size = index_bytes(min(n, 10**7), **options)
        if size <= budget and (best is None or (recall, -size) > best):
            best, name = (recall, -size), label
    return name
