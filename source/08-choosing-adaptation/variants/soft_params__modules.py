"""Counted from modules without memory."""
from course.models.shapes import Shape
import torch
from torch import nn


def soft_params(method: str, shape: Shape, n: int, hidden: int | None = None) -> dict[str, int]:
    D, d = shape.width, shape.kv_heads * shape.head_dim
    out = 2 * shape.layers * d
    with torch.device("meta"):
        match method:
            case "prompt":
                parts = [nn.Embedding(n, D)]
            case "prefix":
                parts = [nn.Embedding(n, out)]
            case "p-tuning":
                parts = [nn.Embedding(n, D), nn.Linear(D, hidden), nn.Linear(hidden, hidden), nn.Linear(hidden, D)]
            case "prefix-mlp":
                parts = [nn.Embedding(n, d), nn.Linear(d, hidden), nn.Linear(hidden, out)]
            case _:
                raise ValueError(method)
    trained = sum(p.numel() for part in parts for p in part.parameters())
    return {"trained": trained, "stored": n * (out if "prefix" in method else D), "cache": 2 * n * out}
