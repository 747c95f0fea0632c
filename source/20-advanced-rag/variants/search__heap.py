"""Heaps for both cuts, and a copy of each list."""
import heapq

def search(query, lexical, dense, rerank, weight=0.5, k=60, pool=20, topn=5):
    fused = {}
    if weight < 1:
        seen = []
        for doc in lexical(query):
            if doc not in seen:
                seen.append(doc)
                fused[doc] = (1 - weight) * (1 / (k + len(seen)))
    if weight > 0:
        seen = []
        for doc in dense(query):
            if doc not in seen:
                seen.append(doc)
                fused[doc] = fused.get(doc, 0) + weight * (1 / (k + len(seen)))
    chosen = heapq.nsmallest(pool, fused, key=lambda doc: (-fused[doc], doc))
    if len(chosen) == 0:
        return []
    answers = list(rerank(query, chosen))
    rows = heapq.nsmallest(topn, range(len(chosen)), key=lambda i: (-answers[i], i))
    return [(chosen[i], answers[i]) for i in rows]
