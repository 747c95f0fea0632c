"""A state in a dict; the ring does not use the fold but a first pass for the maximum."""
import torch


def ring_fold(state, q, k, v):
    wide = torch.promote_types(q.dtype, torch.float32)
    s = (q.to(wide) * q.shape[-1] ** -0.5) @ k.to(wide).mT
    if state is None:
        top = s.max(-1).values
        w = torch.exp(s - top.unsqueeze(-1))
        return {"m": top, "l": w.sum(-1), "o": w @ v.to(wide), "shards": 1}
    top = torch.maximum(state["m"], s.max(-1).values)
    w, old = torch.exp(s - top.unsqueeze(-1)), torch.exp(state["m"] - top)
    return {"m": top, "l": state["l"] * old + w.sum(-1), "o": state["o"] * old.unsqueeze(-1) + w @ v.to(wide),
            "shards": state["shards"] + 1}


def ring_finish(state):
    return state["o"] / state["l"].unsqueeze(-1)


def ring_attention(q_shards, k_shards, v_shards):
    outputs = []
    for q in q_shards:
        wide = torch.promote_types(q.dtype, torch.float32)
        scores = [q.to(wide) @ k.to(wide).mT * q.shape[-1] ** -0.5 for k in k_shards]
        top = torch.stack([s.amax(-1, keepdim=True) for s in scores]).amax(0)
        weights = [torch.exp(s - top) for s in scores]
        out = sum(w @ v.to(wide) for w, v in zip(weights, v_shards))
        outputs.append((out / sum(w.sum(-1, keepdim=True) for w in weights)).to(q.dtype))
    return outputs
