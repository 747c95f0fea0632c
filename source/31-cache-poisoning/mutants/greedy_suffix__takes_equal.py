"""An equal one is taken."""
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
        i, best = best_match(target, embed(tried), -math.inf)
        asked += len(tried)
        if best < cosine:
            break
        text, cosine = tried[i], best
    return text, cosine, asked
