"""One term-document matrix and one matrix product, in torch."""
import torch

def bm25_scores(query_tokens, corpus_tokens, k1=1.5, b=0.75):
    terms = list(query_tokens) or ["\0"]
    f = torch.tensor([[doc.count(t) for t in terms] for doc in corpus_tokens], dtype=torch.float64)
    length = torch.tensor([len(doc) for doc in corpus_tokens], dtype=torch.float64)
    df = (f > 0).double().sum(0)
    idf = torch.log1p((len(f) - df + 0.5) / (df + 0.5))
    part = f * (k1 + 1) / (f + (k1 * (1 - b + b * length / length.mean()))[:, None]).clamp_min(1e-300)
    return (part @ idf).numpy()
