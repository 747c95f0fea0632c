"""torch inside, idf in float32."""
import torch


def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    vocab = {t: i for i, t in enumerate(dict.fromkeys(query_tokens))}
    tf = torch.zeros(len(corpus_tokens), len(vocab), dtype=torch.float64)
    for i, d in enumerate(corpus_tokens):
        for u in d:
            if u in vocab:
                tf[i, vocab[u]] += 1
    w = torch.tensor([float(list(query_tokens).count(t)) for t in vocab], dtype=torch.float64)
    L = torch.tensor([len(d) for d in corpus_tokens], dtype=torch.float64)
    df = (tf > 0).sum(0)
    idf = (1 + (len(L) - df + 0.5) / (df + 0.5)).log()
    part = tf * (k1 + 1) / (tf + k1 * (1 - b + b * L / L.mean())[:, None])
    return (part @ (idf * w)).numpy()
