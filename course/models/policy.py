"""A policy small enough to watch while it learns preferences."""

import torch
from torch import Tensor, nn


def policy_logits(params: dict[str, Tensor], table: Tensor, ids: Tensor) -> Tensor:
    """(B, T) ids -> (B, T, V) logits of an autoregressive model; the logits at t see the tokens up to t.

    params: "embed" (V, D), the embeddings whose sum over the prefix is the hidden state, and "mix" (D, D), which mixes
    it. table (V, D) holds the output embeddings, which stay as they are.
    """
    length = torch.arange(1, ids.shape[1] + 1, dtype=table.dtype)
    prefix = params["embed"][ids].cumsum(1) / length[:, None].sqrt()
    return torch.tanh(prefix) @ params["mix"] @ table.T


class TinyPolicy(nn.Module):
    """`policy_logits` as a module, with parameters drawn at random."""

    def __init__(self, table: Tensor, seed: int = 0):
        super().__init__()
        g = torch.Generator().manual_seed(seed)
        self.register_buffer("table", table)
        self.embed = nn.Parameter(0.3 * torch.randn(table.shape, generator=g))
        self.mix = nn.Parameter(torch.eye(table.shape[1]))

    def forward(self, ids: Tensor) -> Tensor:
        return policy_logits(dict(self.named_parameters()), self.table, ids)


def rollout(params: dict[str, Tensor], table: Tensor, prompts: Tensor, length: int, end: int,
            seed: int) -> tuple[Tensor, Tensor]:
    """Answers that the policy samples: ids (N, T + length) and a mask that is True where it chose a token.

    prompts (N, T). An answer has at most `length` tokens and stops after `end`, which is its last token; what follows is
    `end` too, and masked out. The same arguments give the same answers.
    """
    g = torch.Generator().manual_seed(seed)
    ids, chose = prompts, torch.zeros_like(prompts, dtype=torch.bool)
    running = torch.ones(len(prompts), dtype=torch.bool)
    for _ in range(length):
        probs = policy_logits(params, table, ids)[:, -1].softmax(-1)
        token = torch.multinomial(probs, 1, generator=g)[:, 0].masked_fill(~running, end)
        ids, chose = torch.cat([ids, token[:, None]], 1), torch.cat([chose, running[:, None]], 1)
        running = running & (token != end)
    return ids.detach(), chose
