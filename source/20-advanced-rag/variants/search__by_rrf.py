"""rrf of each list alone, its scores weighted; the cascade for the second stage alone."""
def search(query, lexical, dense, rerank, weight=0.5, k=60, pool=20, topn=5):
    parts = [(1 - weight, dict(rrf([lexical(query)], k))), (weight, dict(rrf([dense(query)], k)))]
    parts = [(share, scores) for share, scores in parts if share]
    ids = {doc for _, scores in parts for doc in scores}
    total = {doc: sum(share * scores.get(doc, 0) for share, scores in parts) for doc in ids}
    order = sorted(sorted(ids), key=total.get, reverse=True)[:pool]
    noted = {}

    def stage(docs):
        noted.update(zip(docs, map(float, rerank(query, docs))))
        return [noted[d] for d in docs]

    if order:
        cascade([stage], [len(order)], order)
    return sorted(noted.items(), key=lambda item: (-item[1], order.index(item[0])))[:topn]
