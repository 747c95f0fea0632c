"""What one does with a language model: let it write, score a text, read its hidden states and push them.

A prompt is a text or a list of ids (`chat` of smollm.py makes one). All functions take several at once and cost little
more for eight than for one. B rows, T tokens, V vocabulary, D width.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from .smollm import Tokenizer
from .transformer import Transformer

Prompt = str | Sequence[int]
Pick = Callable[[Float[Tensor, "B V"]], Int[Tensor, "B"]]


@contextmanager
def one_thread() -> Iterator[None]:
    """torch on one thread: beside another busy process, two would wait for each other at every small product."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def greedy(logits: Float[Tensor, "B V"]) -> Int[Tensor, "B"]:
    """The likeliest token of every row."""
    return logits.argmax(-1)


# --- writing ---------------------------------------------------------------------------------------------------------

def generate(model: Transformer, tokenizer: Tokenizer, prompts: Prompt | Sequence[Prompt], max_tokens: int = 60,
             pick: Pick = greedy, ends: bool = True) -> str | list[str]:
    """What the model writes after a prompt (a text), or after each of several (a list of texts).

    pick:  float32 logits (B, V) -> ids (B,), int64: the sampler
    ends:  a text ends at the first control token, such as <|im_end|>, which is left out; False forbids these tokens, so that
           every text has `max_tokens` tokens
    """
    if is_one(prompts):
        return generate(model, tokenizer, [prompts], max_tokens, pick, ends)[0]
    control = tokenizer.special.values()
    stop, banned = (control, ()) if ends else ((), control)
    written = write(model, [encoded(tokenizer, p) for p in prompts], max_tokens, pick, stop, banned)
    return [tokenizer.decode(ids) for ids in written]


def is_one(prompts: Prompt | Sequence[Prompt]) -> bool:
    """Is this one prompt, rather than several?"""
    return isinstance(prompts, str) or (len(prompts) > 0 and isinstance(prompts[0], int))


def encoded(tokenizer: Tokenizer, prompt: Prompt) -> list[int]:
    """The ids of a prompt. An empty one becomes <|endoftext|>, the mark between two documents: something must come first."""
    ids = tokenizer.encode(prompt) if isinstance(prompt, str) else list(prompt)
    return ids or [tokenizer.special["<|endoftext|>"]]


@one_thread()
def write(model: Transformer, prompts: Sequence[Sequence[int]], max_tokens: int, pick: Pick = greedy,
          stop: Collection[int] = (), banned: Collection[int] = ()) -> list[list[int]]:
    """`generate` in ids: what is written after each prompt, up to the first id of `stop`; no id of `banned` ever."""
    written: list[list[int]] = [[] for _ in prompts]
    going = set(range(len(prompts)))
    for ids in islice(steps(model, prompts, pick, banned), max_tokens):
        going -= {row for row in going if ids[row] in stop}
        for row in going:
            written[row].append(ids[row])
        if not going:
            break
    return written


@torch.no_grad()
def steps(model: Transformer, prompts: Sequence[Sequence[int]], pick: Pick = greedy,
          banned: Collection[int] = ()) -> Iterator[list[int]]:
    """The next id of every row, step after step without an end: whoever iterates can stop, and look at the clock.

    Raises ValueError where `pick` does not return one id a row.
    """
    ids, mask = padded_left(prompts)
    pos, cache = (mask.cumsum(1) - 1).clamp(min=0), None
    while True:
        hidden, cache = model.body(ids, pos, None if mask.all() else mask, cache)
        logits = model.head(hidden[:, -1]).float()
        logits[:, list(banned)] = -torch.inf
        ids = _picked(pick(logits), logits)[:, None]
        yield ids[:, 0].tolist()
        pos, mask = pos[:, -1:] + 1, F.pad(mask, (0, 1), value=True)


def next_logits(model: Transformer, banned: Collection[int] = ()) -> Callable[[Int[Tensor, "B T"]], Float[Tensor, "B V"]]:
    """The model as a plain function, for a loop of one's own: rows of ids of one length -> float32 logits of the next token.

    Where a call only adds tokens to those of the last one, the cache spares it all others.
    """
    seen, cache = torch.empty(0, 0, dtype=torch.long), None

    @one_thread()
    @torch.no_grad()
    def ask(ids: Int[Tensor, "B T"]) -> Float[Tensor, "B V"]:
        nonlocal seen, cache
        old = seen.shape[1] if torch.equal(ids[:, :seen.shape[1]], seen) and ids.shape[1] > seen.shape[1] else 0
        hidden, cache = model.body(ids[:, old:], cache=cache if old else None)
        seen = ids.clone()
        logits = model.head(hidden[:, -1]).float()
        logits[:, list(banned)] = -torch.inf
        return logits

    return ask


def padded_left(rows: Sequence[Sequence[int]]) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """Rows of ids, filled up on the left with id 0, and the mask: False where filled."""
    ids = pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_side="left")
    lengths = torch.tensor([[len(row)] for row in rows])
    return ids, torch.arange(ids.shape[1]) >= ids.shape[1] - lengths


def _picked(ids: Tensor, logits: Float[Tensor, "B V"]) -> Int[Tensor, "B"]:
    B, V = logits.shape
    if not isinstance(ids, Tensor) or ids.shape != (B,) or ids.is_floating_point() or not ((ids >= 0) & (ids < V)).all():
        got = f"{ids.dtype} of shape {tuple(ids.shape)}" if isinstance(ids, Tensor) else repr(ids)
        raise ValueError(f"pick must return {B} token ids, whole numbers from 0 to {V - 1} of shape ({B},), not {got}")
    return ids.long()


# --- scoring and reading ---------------------------------------------------------------------------------------------

@one_thread()
@torch.no_grad()
def score(model: Transformer, tokenizer: Tokenizer, texts: Prompt | Sequence[Prompt],
          prompts: Prompt | Sequence[Prompt] = "") -> Float[Tensor, "T"] | list[Float[Tensor, "T"]]:
    """log P(token | prompt and the tokens before it), in nats, of every token of a text, or of each of several.

    prompts: one for all texts, or one for each; not scored. A text that goes on after a prompt mostly begins with a space.
    """
    if is_one(texts):
        return score(model, tokenizer, [texts], prompts)[0]
    before = [encoded(tokenizer, p) for p in ([prompts] * len(texts) if is_one(prompts) else prompts)]
    after = [tokenizer.encode(t) if isinstance(t, str) else list(t) for t in texts]
    hidden = _body(model, [b + a for b, a in zip(before, after)])
    scores = []
    for h, b, a in zip(hidden, before, after):  # row by row: the logits of a whole batch would fill gigabytes
        logp = model.head(h[len(b) - 1:len(b) + len(a) - 1]).float().log_softmax(-1)
        scores.append(logp[torch.arange(len(a)), a])
    return scores


@one_thread()
@torch.no_grad()
def hidden_states(model: Transformer, tokenizer: Tokenizer, texts: Prompt | Sequence[Prompt], layer: int,
                  ) -> Float[Tensor, "T D"] | list[Float[Tensor, "T D"]]:
    """The residual stream after block `layer`, counted from 0, in float32: of a text, or of each of several.

    Raises ValueError for a layer that the model does not have.
    """
    if is_one(texts):
        return hidden_states(model, tokenizer, [texts], layer)[0]
    states = []
    rows = [encoded(tokenizer, t) for t in texts]
    hook = _block(model, layer).register_forward_hook(lambda block, args, out: states.append(out[0]))
    try:
        _body(model, rows)
    finally:
        hook.remove()
    return [x[:len(row)].float() for x, row in zip(states[0], rows)]


def _body(model: Transformer, rows: Sequence[Sequence[int]]) -> Float[Tensor, "B T D"]:
    """Filled up on the right, where no earlier token looks, rows need no mask."""
    return model.body(pad_sequence([torch.tensor(row) for row in rows], batch_first=True))[0]


@contextmanager
def steer(model: Transformer, layer: int, vector: Float[Tensor, "D"]) -> Iterator[None]:
    """Inside `with`, `vector` is added to the residual stream after block `layer`, counted from 0, at every position.

    Raises ValueError for a layer that the model does not have or a vector of another width.
    """
    block, width = _block(model, layer), model.config.width
    if vector.shape != (width,):
        raise ValueError(f"a vector of shape ({width},) is needed, not {tuple(vector.shape)}")
    hook = block.register_forward_hook(lambda block, args, out: (out[0] + vector.to(out[0].dtype), out[1]))
    try:
        yield
    finally:
        hook.remove()


def _block(model: Transformer, layer: int):
    if not 0 <= layer < len(model.blocks):
        raise ValueError(f"the model has the layers 0 to {len(model.blocks) - 1}, not {layer}")
    return model.blocks[layer]
