"""Natural logarithms: the base cancels in the quotient."""
import math

def mrr_at_k(ranking, qrels, k=10):
    for i in range(min(k, len(ranking))):
        if ranking[i] in qrels and qrels[ranking[i]] > 0:
            return 1.0 / (i + 1)
    return 0.0

def recall_at_k(ranking, qrels, k=10):
    total = hits = 0
    top = list(ranking)[:k]
    for doc, grade in qrels.items():
        if grade > 0:
            total += 1
            hits += doc in top
    return 0.0 if total == 0 else hits / total

def ndcg_at_k(ranking, qrels, k=10):
    gained = ideal = 0.0
    best = sorted((g for g in qrels.values() if g > 0), reverse=True)
    for i in range(k):
        if i < len(ranking):
            gained += (2.0 ** qrels.get(ranking[i], 0) - 1) / math.log(i + 2)
        if i < len(best):
            ideal += (2.0 ** best[i] - 1) / math.log(i + 2)
    return gained / ideal if ideal > 0 else 0.0
