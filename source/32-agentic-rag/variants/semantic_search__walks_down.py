"""All sentences in order, until k chunks are found."""


import torch


def semantic_search(query, vectors, parents, k):
    if vectors.dtype in (torch.float16, torch.bfloat16):
        query, vectors = query.float(), vectors.float()
    scores = torch.mv(vectors, query).tolist()
    found = {}
    for i in sorted(range(len(scores)), key=lambda i: (-scores[i], parents[i], i)):
        if len(found) >= k:
            break
        if parents[i] not in found:
            found[parents[i]] = [parents[i], scores[i], i]
    return list(found.values())
