"""Preferences that a tiny policy learns in seconds, and activations small enough to steer by hand."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORE = -100


@dataclass
class Preferences:
    """N pairs of sequences: a prompt and a one-word answer, padded on the right to T tokens.

    The two sequences of a pair differ in that word only. `table` holds the output embedding (V, D) of every token, all
    of length 1: first the N chosen words, then the N rejected words, then the rest of the vocabulary.
    """

    table: Tensor            # (V, D)
    chosen: Tensor           # (N, T) token ids
    rejected: Tensor         # (N, T)
    chosen_labels: Tensor    # (N, T) the same ids, IGNORE at prompt and padding
    rejected_labels: Tensor  # (N, T)


def preference_pairs(similarity: float, n: int = 64, others: int = 128, width: int = 32, seed: int = 0) -> Preferences:
    """Pairs whose chosen and rejected words have output embeddings with this cosine similarity."""
    g = torch.Generator().manual_seed(seed)
    words, away, rest = (F.normalize(torch.randn(k, width, generator=g), dim=-1) for k in (n, n, others))
    away = F.normalize(away - (away * words).sum(-1, keepdim=True) * words, dim=-1)
    twins = similarity * words + (1 - similarity**2) ** 0.5 * away

    prompt = torch.randint(2 * n, 2 * n + others, (n, 5), generator=g)
    end = torch.randint(2, 5, (n,), generator=g)[:, None]  # where the prompt ends and the word stands
    at = torch.arange(5)

    def sequences(word: Tensor) -> tuple[Tensor, Tensor]:
        ids = torch.where(at < end, prompt, 0).where(at != end, word[:, None])
        return ids, ids.masked_fill(at != end, IGNORE)

    chosen, chosen_labels = sequences(torch.arange(n))
    rejected, rejected_labels = sequences(torch.arange(n, 2 * n))
    return Preferences(torch.cat([words, twins, rest]), chosen, rejected, chosen_labels, rejected_labels)


@dataclass
class Contrast:
    """Activations of prompts with and without a behaviour. They differ, but for noise, along one direction."""

    positive: Tensor   # (N, D)
    negative: Tensor   # (M, D)
    direction: Tensor  # (D,) of length 1: the true one, which no method sees


def contrast(n: int = 400, width: int = 256, active: int = 10, rotated: bool = False, seed: int = 0) -> Contrast:
    """Unit noise in every dimension; the means differ by 1 in each of `active` dimensions.

    rotated: turn the whole space by a random rotation, so that no single dimension carries the behaviour any more.
    """
    g = torch.Generator().manual_seed(seed)
    shift = torch.zeros(width)
    shift[torch.randperm(width, generator=g)[:active]] = 1.0
    positive = torch.randn(n, width, generator=g) + shift
    negative = torch.randn(n, width, generator=g)
    if rotated:
        turn = torch.linalg.qr(torch.randn(width, width, generator=g)).Q
        positive, negative, shift = positive @ turn, negative @ turn, shift @ turn
    return Contrast(positive, negative, F.normalize(shift, dim=0))
