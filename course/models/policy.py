"""A policy small enough to watch while it learns preferences."""

import torch
from torch import Tensor, nn


class TinyPolicy(nn.Module):
    """An autoregressive model with one idea: the hidden state is a mixed sum of the prefix's embeddings.

    `table` (V, D) holds the output embeddings, which stay as they are.
    """

    def __init__(self, table: Tensor, seed: int = 0):
        super().__init__()
        g = torch.Generator().manual_seed(seed)
        self.register_buffer("table", table)
        self.embed = nn.Parameter(0.3 * torch.randn(table.shape, generator=g))
        self.mix = nn.Parameter(torch.eye(table.shape[1]))

    def forward(self, ids: Tensor) -> Tensor:
        """(B, T) ids -> (B, T, V) logits; the logits at t see the tokens up to t."""
        prefix = self.embed[ids].cumsum(1) / torch.arange(1, ids.shape[1] + 1)[:, None].sqrt()
        return torch.tanh(prefix) @ self.mix @ self.table.T
