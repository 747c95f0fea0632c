"""F.cosine_similarity on vectors brought to a length."""
from collections import Counter, defaultdict

import torch


def unit(t):
    t = t.double()
    n = torch.linalg.vector_norm(t, dim=-1, keepdim=True)
    return torch.where(n > 0, t / n.masked_fill(n == 0, 1.0), torch.zeros_like(t))


def retrieve(query, vecs, langs, k, cap=None, query_lang=None, centre=False):
    q, v = query.double(), vecs.double()
    if centre:
        new = v.clone()
        groups = defaultdict(list)
        for i, lang in enumerate(langs):
            groups[lang].append(i)
        for lang, rows in groups.items():
            if len(rows) > 1:
                new[rows] -= v[rows].mean(0)
        if len(groups.get(query_lang, [])) > 1:
            q = q - v[groups[query_lang]].mean(0)
        v = new
    s = (unit(v) @ unit(q)).tolist() if len(langs) else []
    room = Counter({lang: (len(langs) if cap is None else cap) for lang in langs})
    out = []
    for i in sorted(range(len(s)), key=s.__getitem__, reverse=True):
        if len(out) == k:
            break
        if room[langs[i]] > 0:
            room[langs[i]] -= 1
            out.append((i, s[i]))
    return out
