"""The climb begins at 0, whatever the payload's cosine is."""
import math
from collections.abc import Callable, Sequence

from jaxtyping import Float
from torch import Tensor


def greedy_suffix(embed: Callable[[list[str]], Float[Tensor, "N D"]], target: Float[Tensor, "D"], payload: str,
                  vocab: Sequence[str], max_len: int) -> tuple[str, float, int]:
    text, asked = payload, 1
    cosine = max(0.0, best_match(target, embed([text]), -math.inf)[1])
    for _ in range(max_len if len(vocab) else 0):
        tried = [f"{text} {word}" for word in vocab]
        i, best = best_match(target, embed(tried), -math.inf)
        asked += len(tried)
        if best <= cosine:
            break
        text, cosine = tried[i], best
    return text, cosine, asked
