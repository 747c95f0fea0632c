"""The first word that is nearer, not the best."""
import math
from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor


def greedy_suffix(embed: Callable[[list[str]], Float[Tensor, "N D"]], target: Float[Tensor, "D"], payload: str,
                  vocab: Sequence[str], max_len: int) -> tuple[str, float, int]:
    text, asked = payload, 1
    _, cosine = best_match(target, embed([text]), -math.inf)
    for _ in range(max_len if len(vocab) else 0):
        tried = [f"{text} {word}" for word in vocab]
        near = [best_match(target, v[None], -math.inf)[1] for v in embed(tried)]
        i = next((i for i, c in enumerate(near) if c > cosine), 0)
        best = near[i]
        asked += len(tried)
        if best <= cosine:
            break
        text, cosine = tried[i], best
    return text, cosine, asked
