"""A small n-gram language model over Python's help texts, so that decoding can be tried on real English.

An n-gram model guesses the next token from the n - 1 tokens before it, by counting. Where the counts are thin it leans
on the shorter context (Witten-Bell smoothing): with c(h, w) the count of w after h and t(h) the number of distinct
tokens seen after h,

    P(w | h) = (c(h, w) + t(h) P(w | shorter h)) / (c(h) + t(h)),   and P(w | nothing at all) = 1 / V.
"""

import functools
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..data.corpus import help_texts


def help_words() -> list[str]:
    """The help texts behind Python's own `help("topics")`: words, numbers and signs, in lower case.

    A run of one sign (the ----- under a heading) is one token.
    """
    return [match[0] for match in re.finditer(r"\w+|([^\w\s])\1*", help_texts().lower())]


class NGram:
    """Counts of all contexts up to n - 1 tokens, over the vocabulary of `words` (ids in sorted order)."""

    def __init__(self, words: list[str], n: int = 3, vocab: list[str] | None = None):
        self.n, self.vocab = n, sorted(set(vocab or words))
        self.index = {word: i for i, word in enumerate(self.vocab)}
        ids = self.encode(words)
        self.counts: dict[tuple[int, ...], Counter] = defaultdict(Counter)
        for end in range(len(ids)):
            for length in range(min(n, end + 1)):
                self.counts[tuple(ids[end - length:end])][ids[end]] += 1
        self.unigram = self._lean(torch.full((len(self.vocab),), 1 / len(self.vocab), dtype=torch.float64), ())

    def encode(self, words: list[str]) -> list[int]:
        return [self.index[word] for word in words]

    def decode(self, ids: list[int]) -> str:
        return " ".join(self.vocab[i] for i in ids)

    def probs(self, ids: list[int]) -> Tensor:
        """P(next token | ids), shape (V,), float64. Only the last n - 1 ids matter."""
        context = tuple(ids[max(0, len(ids) - self.n + 1):])
        p = self.unigram
        for start in range(len(context) - 1, -1, -1):
            p = self._lean(p, context[start:])
        return p.clone()

    def _lean(self, shorter: Tensor, context: tuple[int, ...]) -> Tensor:
        """P(w | context), given P(w | the context without its first token)."""
        if not (seen := self.counts.get(context)):
            return shorter
        p = shorter * len(seen)
        p[list(seen)] += torch.tensor(list(seen.values()), dtype=torch.float64)
        return p / (seen.total() + len(seen))

    def logprobs(self, ids: list[int]) -> Tensor:
        """log P(next token | ids), shape (V,), float64."""
        return self.probs(ids).log()

    def score(self, ids: list[int], start: int) -> float:
        """Mean log-probability, in nats, of the tokens ids[start:], each given all that stands before it."""
        return sum(self.logprobs(ids[:t])[ids[t]].item() for t in range(start, len(ids))) / (len(ids) - start)


def distinct(ids: list[int], n: int = 4) -> float:
    """The share of n-grams of `ids` that are different from each other: 1 means that none comes twice."""
    grams = [tuple(ids[i:i + n]) for i in range(len(ids) - n + 1)]
    return len(set(grams)) / len(grams)


# --- tiny language models, to try a search on: called with the ids so far, they give log P(next token), shape (V,) ----

@dataclass(frozen=True)
class TableModel:
    """Probabilities read from a table of prefix -> {token: probability}.

    A token that its row does not name is impossible (-inf); a prefix that the table does not hold is followed by any
    token with probability 1 / V.
    """

    table: dict[tuple[int, ...], dict[int, float]]
    V: int

    def __call__(self, ids: list[int]) -> Tensor:
        row = self.table.get(tuple(map(int, ids)), dict.fromkeys(range(self.V), 1 / self.V))
        p = torch.zeros(self.V, dtype=torch.float64)
        p[list(row)] = torch.tensor(list(row.values()), dtype=torch.float64)
        return p.log()


@dataclass(frozen=True)
class RandomModel:
    """For each prefix the softmax of its own normal numbers times `spread`."""

    V: int
    seed: int
    spread: float = 2.0

    def __call__(self, ids: list[int]) -> Tensor:
        logits = np.random.default_rng([self.seed, *map(int, ids)]).standard_normal(self.V) * self.spread
        return torch.from_numpy(logits).log_softmax(-1)


def batched(step: Callable[[list[int]], Tensor]) -> Callable[[Tensor], Tensor]:
    """A model of rows, ids (B, T) -> (B, V), from a model of one text, list of ids -> (V,)."""
    return lambda ids: torch.stack([step(row) for row in ids.tolist()])


@dataclass(frozen=True)
class RandomRows:
    """A model of rows, ids (B, T) -> logits (B, V): normal numbers times `spread` that depend on every id and on its place.

    A hash of the text picks them from a table, so that a long text costs no more than a short one.
    """

    V: int
    seed: int
    spread: float = 2.0
    dtype: torch.dtype = torch.float32

    def __call__(self, ids: Tensor) -> Tensor:
        powers = torch.full((ids.shape[1],), 6364136223846793005).cumprod(0)  # modulo 2^64; an odd multiplier loses no bit
        text = ((ids + 1) * powers).sum(1) >> 24  # the high bits depend on all others
        return (_normal_rows(self.V, self.seed)[text % TEXTS] * self.spread).to(self.dtype)


TEXTS = 499  # rows of such a table


@functools.cache
def _normal_rows(V: int, seed: int) -> Tensor:
    return torch.from_numpy(np.random.default_rng([seed, V]).standard_normal((TEXTS, V)))
