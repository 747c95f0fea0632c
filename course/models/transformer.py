"""A small decoder-only transformer: RMSNorm, rotary positions, grouped-query attention, SwiGLU, an optional KV cache.

    model = Transformer(Config(vocab=100))
    logits, cache = model(ids)                                  # a prompt: (B, T) ids -> (B, T, V) logits
    logits, cache = model(next_ids, pos, mask, cache)           # only the new tokens; all older keys come from the cache

B batch, T new tokens, S all tokens so far (S = T + what the cache holds), V vocabulary, D width, H heads, K key/value
heads, E head size.

The class runs the toys of the sections and, with the weights of `smollm.py`, a real language model.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Complex64, Float, Int
from torch import Tensor, nn

Cache = list[tuple[Float[Tensor, "B K S E"], Float[Tensor, "B K S E"]]]  # keys (already rotated) and values, per layer


@dataclass(frozen=True)
class Config:
    vocab: int
    layers: int = 2
    width: int = 64
    heads: int = 4
    kv_heads: int = 2
    head_dim: int = 16
    hidden: int = 172
    base: float = 10000.0
    eps: float | None = None  # of the norms; None: that of the dtype
    tied: bool = False  # the head's weights are the embedding's


class Attention(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.head_dim = c.head_dim
        self.q = nn.Linear(c.width, c.heads * c.head_dim, bias=False)
        self.k = nn.Linear(c.width, c.kv_heads * c.head_dim, bias=False)
        self.v = nn.Linear(c.width, c.kv_heads * c.head_dim, bias=False)
        self.out = nn.Linear(c.heads * c.head_dim, c.width, bias=False)

    def forward(self, x: Float[Tensor, "B T D"], turn: Complex64[Tensor, "B 1 T E/2"],
                mask: Bool[Tensor, "B 1 T S"] | None, past):
        q, k, v = (f(x).unflatten(-1, (-1, self.head_dim)).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = rotate(q, turn), rotate(k, turn)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=mask is None, enable_gqa=True)
        return self.out(y.transpose(1, 2).flatten(2)), (k, v)


class SwiGLU(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.gate, self.up = (nn.Linear(c.width, c.hidden, bias=False) for _ in range(2))
        self.down = nn.Linear(c.hidden, c.width, bias=False)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, c: Config):
        super().__init__()
        self.norm1, self.attention = nn.RMSNorm(c.width, c.eps), Attention(c)
        self.norm2, self.mlp = nn.RMSNorm(c.width, c.eps), SwiGLU(c)

    def forward(self, x, turn, mask, past):
        y, cache = self.attention(self.norm1(x), turn, mask, past)
        x = x + y
        return x + self.mlp(self.norm2(x)), cache


class Transformer(nn.Module):
    def __init__(self, c: Config, seed: int = 0):
        super().__init__()
        self.config = c
        with torch.random.fork_rng():  # a seed of its own: the caller's generator stays as it is
            torch.manual_seed(seed)
            self.embed = nn.Embedding(c.vocab, c.width)
            self.blocks = nn.ModuleList(Block(c) for _ in range(c.layers))
            self.norm, self.head = nn.RMSNorm(c.width, c.eps), nn.Linear(c.width, c.vocab, bias=False)
        if c.tied:
            self.head.weight = self.embed.weight
        self.set_rope(frequencies(c))

    def set_rope(self, inv_freq: Float[Tensor, "E/2"], attention_factor: float = 1.0) -> None:
        """Other rotary frequencies; `attention_factor` scales the rotated queries and keys (YaRN)."""
        self.inv_freq, self.attention_factor = inv_freq.float(), float(attention_factor)

    def forward(self, ids: Int[Tensor, "B T"], pos: Int[Tensor, "B T"] | None = None,
                mask: Bool[Tensor, "B S"] | None = None, cache: Cache | None = None,
                ) -> tuple[Float[Tensor, "B T V"], Cache]:
        """Logits after each of the new tokens, and the cache with these tokens appended (the old one is not changed).

        pos:  rotary position of each new token; None counts on from the cache
        mask: True where a key may be seen (False: padding), over all keys so far, old ones first; None sees all.
              Causality is added here.
        """
        hidden, cache = self.body(ids, pos, mask, cache)
        return self.head(hidden), cache

    def body(self, ids, pos=None, mask=None, cache=None) -> tuple[Float[Tensor, "B T D"], Cache]:
        """`forward` up to the head, for whoever needs the logits of a few places only: hidden states after the last norm."""
        T = ids.shape[1]
        S = T + (cache[0][0].shape[2] if cache else 0)
        if pos is None:
            pos = torch.arange(S - T, S)
        turn = torch.polar(torch.tensor(self.attention_factor), pos[..., None].float() * self.inv_freq)
        turn = turn.expand(len(ids), T, -1)[:, None]
        see = causal(T, S, mask) if mask is not None or 1 < T < S else None if T == S else torch.ones(T, S).bool()
        x, new = self.embed(ids), []
        for i, block in enumerate(self.blocks):
            x, layer = block(x, turn, see, cache[i] if cache else None)
            new.append(layer)
        return self.norm(x), new


def causal(T: int, S: int, mask: Bool[Tensor, "B S"] | None) -> Bool[Tensor, "B 1 T S"]:
    """The T newest of S tokens see themselves and what came before; of that, only what `mask` allows."""
    query, key = torch.arange(S - T, S)[:, None], torch.arange(S)[None]
    see = (key <= query)[None, None]
    if mask is not None:
        see = see & mask.bool()[:, None, None, :]
    return see | (key == query)  # a padding query sees itself: a row without any key would be NaN


def frequencies(c: Config) -> Float[Tensor, "E/2"]:
    """The angle, in radians, by which each pair of a head's elements turns from one position to the next."""
    return c.base ** (-torch.arange(0, c.head_dim, 2) / c.head_dim)


def rotate(x: Float[Tensor, "B H T E"], turn: Complex64[Tensor, "B 1 T E/2"]) -> Float[Tensor, "B H T E"]:
    """Neighbours (x0, x1), (x2, x3), … as complex numbers, each turned by its angle, in float32."""
    pairs = x.float().contiguous().unflatten(-1, (-1, 2))  # an answer of a learner's layer may lie anyhow in memory
    return torch.view_as_real(torch.view_as_complex(pairs) * turn).flatten(-2).to(x.dtype)
