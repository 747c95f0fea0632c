"""A Markov chain as a language whose every conditional probability is known: an exact mask predictor.

    chain = Markov.two_successors(8, seed=0)
    x = chain.sample(5, 32, seed=1)                  # (5, 32) ids 0 … 7; the mask is id 8
    chain(masked)                                    # (B, L) ids -> (B, L, 8) log-probabilities
    chain.nll(x)                                     # (B,) exact, in nats

What a trained diffusion language model approximates, P(token i | all tokens that stand), the chain computes by the
forward-backward recursion. So what goes wrong while it writes is the sampler's fault alone.
"""

from __future__ import annotations

import torch
from torch import Tensor


class Markov:
    """Transition probabilities (V, V), all above 0, and the distribution of the first token; the mask is id V."""

    def __init__(self, transitions: Tensor, start: Tensor | None = None):
        self.P = transitions.double()
        self.vocab = self.mask_id = len(transitions)
        self.start = torch.full((self.vocab,), 1 / self.vocab, dtype=torch.float64) if start is None else start.double()

    @classmethod
    def two_successors(cls, vocab: int = 8, first: float = 0.8, seed: int = 0, leak: float = 1e-6) -> Markov:
        """Every state has two successors, of probability `first` and 1 - `first`, and is successor of two; none is its own.

        What is left for all others together is `leak`, so that nothing is quite impossible. Uniform in the long run.
        """
        g, states = torch.Generator().manual_seed(seed), torch.arange(vocab)
        order = torch.randperm(vocab, generator=g)
        likely = torch.empty_like(order).scatter(0, order, order.roll(-1))  # one cycle through all states
        other = likely
        while ((other == likely) | (other == states)).any():
            other = torch.randperm(vocab, generator=g)
        P = torch.full((vocab, vocab), leak / vocab, dtype=torch.float64)
        P[states, likely] += (1 - leak) * first
        P[states, other] += (1 - leak) * (1 - first)
        return cls(P)

    def possible(self) -> Tensor:
        """Which transitions are more than a leak."""
        return self.P > 1e-4

    def sample(self, n: int, length: int, seed: int = 0) -> Tensor:
        """Texts of the chain."""
        g = torch.Generator().manual_seed(seed)
        x = torch.multinomial(self.start, n, replacement=True, generator=g)[:, None]
        for _ in range(length - 1):
            x = torch.cat([x, torch.multinomial(self.P[x[:, -1]], 1, generator=g)], dim=1)
        return x

    def nll(self, x: Tensor) -> Tensor:
        """-log P(x), exact."""
        return -self.start[x[:, 0]].log() - self.P[x[:, :-1], x[:, 1:]].log().sum(1)

    def __call__(self, x: Tensor) -> Tensor:
        """log P(token | all tokens that are not masked), at each position; at one that stands, given the others."""
        eye = torch.cat([torch.eye(self.vocab, dtype=torch.float64), torch.ones(1, self.vocab, dtype=torch.float64)])
        seen = eye[x]  # (B, L, V): 1 where the position may be this token
        before, after = torch.empty_like(seen), torch.empty_like(seen)
        before[:, 0], after[:, -1] = self.start, 1
        for i in range(1, x.shape[1]):
            row = (before[:, i - 1] * seen[:, i - 1]) @ self.P
            before[:, i] = row / row.sum(-1, keepdim=True)
            row = (after[:, -i] * seen[:, -i]) @ self.P.T
            after[:, -i - 1] = row / row.sum(-1, keepdim=True)
        both = before * after
        return (both / both.sum(-1, keepdim=True)).log()
