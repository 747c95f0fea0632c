"""Row by row."""
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def with_soft_prompt(E: Float[Tensor, "B T D"], P: Float[Tensor, "n D"], mask: Bool[Tensor, "B T"],
                     labels: Int[Tensor, "B T"]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    n, xs, masks, places, asked = len(P), [], [], [], []
    for e, m, row in zip(E, mask.tolist(), labels.tolist()):
        xs.append(torch.cat([P.to(e.dtype), e]))
        masks.append([True] * n + m)
        pos, count = list(range(n)), n
        for real in m:
            pos.append(count if real else 0)
            count += real
        places.append(pos)
        asked.append([-100] * n + [t if real else -100 for t, real in zip(row, m)])
    return torch.stack(xs), torch.tensor(masks), torch.tensor(places), torch.tensor(asked)


def soft_loss(logits: Float[Tensor, "B S V"], labels: Int[Tensor, "B S"]) -> Float[Tensor, ""]:
    rows, at = torch.nonzero(labels[:, 1:] != -100, as_tuple=True)
    guess = logits[rows, at].to(torch.float64 if logits.dtype == torch.float64 else torch.float32)
    wanted = guess[torch.arange(len(rows)), labels[rows, at + 1]]
    return (guess.logsumexp(-1) - wanted).mean()
