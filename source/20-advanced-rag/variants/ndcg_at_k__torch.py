"""Torch tensors of no dimension come back."""
import torch

def ndcg_at_k(ranking, qrels, k=10):
    def gain(grades):
        g = torch.tensor(grades[:k] + [0], dtype=torch.float64)
        return ((2 ** g - 1) / torch.log2(torch.arange(len(g), dtype=torch.float64) + 2)).sum()
    ideal = gain(sorted(qrels.values())[::-1])
    return gain([qrels.get(doc, 0) for doc in ranking]) / ideal if ideal > 0 else torch.zeros((), dtype=torch.float64)
