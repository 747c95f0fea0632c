"""The small transformer as a plain function of its weights, in which the caller decides what a linear layer does.

    start = random_weights(CONFIG, seed=0)            # {"blocks.0.attention.q": a matrix (out, in), …, "norm": …}
    logits(start, ids)                                # (B, T) ids -> (B, T, V) logits
    logits(start, ids, linear=my_linear)              # my_linear(name, x, W) -> y for each of its linear layers

The linear layers of a block are attention.q, .k, .v and .out, mlp.gate, .up and .down; embedding, norms and head stay what
they are. It computes what `Transformer` of transformer.py does with the same weights.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .transformer import Config, Transformer, frequencies, rotate

CONFIG = Config(vocab=96, layers=2, width=48, heads=6, kv_heads=2, head_dim=8, hidden=80)
Weights = dict[str, Tensor]


def random_weights(config: Config = CONFIG, seed: int = 0) -> Weights:
    """The weights of a fresh Transformer, by the names of its layers."""
    return named(Transformer(config, seed))


def named(model: Transformer) -> Weights:
    """A Transformer's own weights, detached copies, by the names of its layers."""
    return {name.removesuffix(".weight"): p.detach().clone() for name, p in model.named_parameters()}


def plain(name: str, x: Tensor, W: Tensor) -> Tensor:
    """A linear layer without a bias."""
    return x @ W.T


def logits(weights: Weights, ids: Tensor, linear: Callable[[str, Tensor, Tensor], Tensor] = plain,
           config: Config = CONFIG) -> Tensor:
    """(B, T) ids -> (B, T, V) logits; every linear layer of the blocks is `linear(its name, x (B, T, in), W (out, in))`."""
    x = weights["embed"][ids]
    turn = torch.polar(torch.tensor(1.0), torch.arange(ids.shape[1])[:, None].float() * frequencies(config))
    turn = turn.expand(len(ids), 1, -1, -1)
    for i in range(config.layers):
        def layer(name: str, x: Tensor, at: str = f"blocks.{i}.") -> Tensor:
            return linear(at + name, x, weights[at + name])
        h = F.rms_norm(x, x.shape[-1:], weights[f"blocks.{i}.norm1"], config.eps)
        q, k, v = (layer(f"attention.{n}", h).unflatten(-1, (-1, config.head_dim)).transpose(1, 2) for n in "qkv")
        y = F.scaled_dot_product_attention(rotate(q, turn), rotate(k, turn), v, is_causal=True, enable_gqa=True)
        x = x + layer("attention.out", y.transpose(1, 2).flatten(2))
        h = F.rms_norm(x, x.shape[-1:], weights[f"blocks.{i}.norm2"], config.eps)
        x = x + layer("mlp.down", F.silu(layer("mlp.gate", h)) * layer("mlp.up", h))
    return F.rms_norm(x, x.shape[-1:], weights["norm"], config.eps) @ weights["head"].T
