"""Unit vectors first; a rank within each language decides the cap."""
from collections import Counter

import torch
import torch.nn.functional as F


def retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False):
    query, vecs = query.to(torch.float64), vecs.to(torch.float64)
    if centre:
        count = Counter(langs)
        shift = torch.zeros_like(vecs)
        for lang in count:
            mask = torch.tensor([other == lang for other in langs])
            if count[lang] > 1:
                shift[mask] = vecs[mask].mean(0)
        if count[query_lang] > 1:
            query = query - shift[langs.index(query_lang)]
        vecs = vecs - shift
    scores = (F.normalize(vecs, dim=-1, eps=1e-300) @ F.normalize(query, dim=-1, eps=1e-300)).tolist()
    order = sorted((-s, i) for i, s in enumerate(scores))
    kept = [(i, -s) for place, (s, i) in enumerate(order)
            if cap is None or sum(langs[j] == langs[i] for _, j in order[:place]) < cap]
    return kept[:k]
