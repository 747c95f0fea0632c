"""Sum and quotient stay in half precision."""

from collections.abc import Sequence

from torch import Tensor


def mcq_loglik(logps: Sequence[Tensor], options: Sequence[str], norm: str = "none",
               n_prompt: int = 0) -> int:
    """The option with the largest (normalised) log-likelihood; the first of equals.

    [-1, -2] against [-2], "yes" against "no": "none" gives 1, "tokens" 0, "bytes" 0 (both -1, a tie).
    """
    if norm not in ("none", "tokens", "bytes"):
        raise ValueError(f"norm is none, tokens or bytes, not {norm!r}")
    scores = []
    for logp, text in zip(logps, options):
        own = logp[n_prompt:]
        size = {"none": 1, "tokens": len(own), "bytes": len(text.encode("utf-8"))}[norm]
        scores.append((own.double().sum().to(own.dtype) / size).item())
    return scores.index(max(scores))
