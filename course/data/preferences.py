"""A policy small enough to watch while it learns preferences, and activations small enough to steer by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

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


class TinyPolicy(nn.Module):
    """An autoregressive model with one idea: the hidden state is a mixed sum of the prefix's embeddings."""

    def __init__(self, table: Tensor, seed: int = 0):
        super().__init__()
        g = torch.Generator().manual_seed(seed)
        self.register_buffer("table", table)  # output embeddings stay as they are
        self.embed = nn.Parameter(0.3 * torch.randn(table.shape, generator=g))
        self.mix = nn.Parameter(torch.eye(table.shape[1]))

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) ids -> (B, T, V) logits; the logits at t see the tokens up to t."""
        prefix = self.embed[ids].cumsum(1) / torch.arange(1, ids.shape[1] + 1)[:, None].sqrt()
        return torch.tanh(prefix) @ self.mix @ self.table.T


def learn_preferences(data: Preferences, sequence_logprob: Callable, dpo_loss: Callable, beta: float = 0.1,
                      steps: int = 150, warm_up: int = 80, lr: float = 0.01, seed: int = 0) -> dict[str, Tensor]:
    """Supervised warm-up on both answers, then DPO from there with the learner's two functions.

    Returns, for the steps 0..steps of DPO: loss (steps+1,), and the change against the reference of the
    log-probability of each pair's answers, chosen and rejected (steps+1, N); and the probabilities of the chosen word,
    the rejected word and all others, word_mass (2, 3), before and after.
    """
    policy = TinyPolicy(data.table, seed)

    def logprobs() -> tuple[Tensor, Tensor]:
        return (sequence_logprob(policy(data.chosen), data.chosen_labels, IGNORE)[0],
                sequence_logprob(policy(data.rejected), data.rejected_labels, IGNORE)[0])

    def word_mass() -> Tensor:
        rows = torch.arange(len(data.chosen))
        before_word = (data.chosen_labels != IGNORE).cumsum(-1).argmax(-1) - 1
        probs = policy(data.chosen)[rows, before_word].softmax(-1)
        w, l = probs[rows, rows].mean(), probs[rows, rows + len(rows)].mean()
        return torch.stack([w, l, 1 - w - l]).detach()

    optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
    for _ in range(warm_up):
        optimizer.zero_grad()
        (-torch.cat(logprobs()).mean()).backward()
        optimizer.step()

    ref_w, ref_l = (x.detach() for x in logprobs())
    mass = [word_mass()]
    losses, chosen, rejected = [], [], []
    optimizer = torch.optim.Adam(policy.parameters(), lr=lr)
    for _ in range(steps + 1):
        pi_w, pi_l = logprobs()
        loss, _ = dpo_loss(pi_w, pi_l, ref_w, ref_l, beta)
        losses.append(loss.detach())
        chosen.append((pi_w - ref_w).detach())
        rejected.append((pi_l - ref_l).detach())
        if len(losses) <= steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return {"loss": torch.stack(losses), "chosen": torch.stack(chosen), "rejected": torch.stack(rejected),
            "word_mass": torch.stack([*mass, word_mass()])}


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


def on_and_off(v: Tensor, direction: Tensor) -> tuple[float, float]:
    """Length of v along the true direction, and length of what is left: the disturbance."""
    on = v @ direction
    return on.item(), (v - on * direction).norm().item()
