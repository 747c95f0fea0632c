"""A weighted sum: weight 0 or 1 for the query, 1 for every document."""
import torch

def hyde_vector(q_vec, hyp, include_query=True, normalise=True):
    rows = torch.vstack([q_vec, *hyp]).float() if q_vec.dtype != torch.float64 else torch.vstack([q_vec, *hyp])
    w = torch.ones(len(rows), dtype=rows.dtype)
    if not include_query and len(rows) > 1:
        w[0] = 0
    mean = (w / w.sum()) @ rows
    return (mean / torch.linalg.norm(mean) if normalise else mean).to(q_vec.dtype)
