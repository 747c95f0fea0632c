"""Word ids and numpy windows, hashes of bytes"""


import numpy as np



def contamination_overlap(items, corpus, n=13):
    if n < 1:
        raise ValueError("n must be positive")
    ids = {}
    code = lambda text: np.array([ids.setdefault(w, len(ids)) for w in words(text)], dtype=np.int64)
    its, docs = [code(t) for t in items], [code(d) for d in corpus]
    result = []
    cache = {}
    for it in its:
        size = min(n, len(it))
        if size == 0:
            result.append(0.0)
            continue
        if size not in cache:
            cache[size] = {row.tobytes() for d in docs if len(d) >= size for row in np.lib.stride_tricks.sliding_window_view(d, size)}
        cover = np.zeros(len(it) + 1, int)
        for i, row in enumerate(np.lib.stride_tricks.sliding_window_view(it, size)):
            if row.tobytes() in cache[size]:
                cover[i] += 1
                cover[i + size] -= 1
        result.append(float((np.cumsum(cover)[:-1] > 0).mean()))
    return result
