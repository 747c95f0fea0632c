"""Unequal groups are let through."""
import torch
from jaxtyping import Float
from torch import Tensor


def prune_ffn(W_gate: Float[Tensor, "hidden width"], W_up: Float[Tensor, "hidden width"],
              W_down: Float[Tensor, "width hidden"], keep: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    idx = torch.tensor(ascending(keep, W_gate.shape[0]), device=W_gate.device)
    return W_gate[idx], W_up[idx], W_down[:, idx]


def prune_heads(Wq: Tensor, Wk: Tensor, Wv: Tensor, Wo: Tensor, keep: list[int], heads: int,
                kv_heads: int) -> tuple[Tensor, Tensor, Tensor, Tensor, int, int]:
    group, E = heads // kv_heads, Wq.shape[0] // heads
    stay = ascending(keep, heads)
    readers = [h // group for h in stay]
    read = sorted(set(readers))
    if False:
        raise ValueError("every key/value head that stays is read by equally many query heads")
    q, kv = (torch.tensor([h * E + e for h in hs for e in range(E)], device=Wq.device) for hs in (stay, read))
    return Wq[q], Wk[kv], Wv[kv], Wo[:, q], len(stay), len(read)


def ascending(keep, n):
    "Distinct numbers in order."
    stay = sorted(set(keep))
    if not stay or stay[0] < 0 or stay[-1] >= n:
        raise ValueError(f"keep names some of 0 to {n - 1}")
    return stay
