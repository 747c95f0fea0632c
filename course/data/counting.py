"""A task that a tiny policy can learn from a check alone: say the next number, and stop."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

NUMBERS, END, VOCABULARY, WIDTH = 8, 9, 10, 16


@dataclass
class Counting:
    """Eight prompts of one number each, and a policy that knows nothing yet. Token 8 means nothing, token 9 ends an answer."""

    params: dict[str, Tensor]  # "embed" (V, D), "mix" (D, D): what is trained
    table: Tensor              # (V, D) output embeddings, orthogonal to each other
    prompts: Tensor            # (8, 1) token ids


def counting(seed: int = 0) -> Counting:
    """The task, with a policy drawn at random."""
    g = torch.Generator().manual_seed(seed)
    table = 3 * torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=g)).Q[:VOCABULARY]
    params = {"embed": 0.3 * torch.randn(VOCABULARY, WIDTH, generator=g), "mix": torch.eye(WIDTH)}
    return Counting(params, table, torch.arange(NUMBERS)[:, None])


def right(prompt: list[int], answer: list[int]) -> bool:
    """Whether an answer is the next number (7 is followed by 0) and then the end, nothing else."""
    return answer == [(prompt[-1] + 1) % NUMBERS, END]


def strict_reward(prompts: list[list[int]], answers: list[list[int]]) -> list[float]:
    """1 for a right answer, else 0."""
    return [float(right(p, a)) for p, a in zip(prompts, answers)]


def partial_reward(prompts: list[list[int]], answers: list[list[int]]) -> list[float]:
    """Half a point for the right number in front, and one more where the whole answer is right."""
    return [0.5 * (a[0] == (p[-1] + 1) % NUMBERS) + right(p, a) for p, a in zip(prompts, answers)]
