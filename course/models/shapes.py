"""The sizes that make an architecture, of models that everybody knows, each with its source.

`source/16-architectures/test_oracles.py` builds each of them without memory (on torch's meta device, from transformers'
classes) and counts its parameters again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """A decoder-only transformer with RMSNorm, SwiGLU and rotary positions, no biases but where it says so."""

    vocab: int
    layers: int
    width: int
    heads: int  # query heads
    kv_heads: int
    head_dim: int
    hidden: int  # of a dense SwiGLU
    tied: bool = False  # the head's weights are the embedding's
    qkv_bias: bool = False  # the projections to queries, keys and values have biases
    qk_norm: bool = False  # an RMSNorm of head_dim weights for the queries of a layer, one for its keys
    experts: int = 0  # routed experts of a layer; 0: every layer is dense
    chosen: int = 0  # of these, how many a token uses
    shared: int = 0  # further experts that every token uses
    expert_hidden: int = 0  # of the SwiGLU of each expert, routed or shared
    dense_layers: int = 0  # the first so many layers are dense although there are experts
    latent: tuple[int, int, int, int, int] | None = None  # MLA: (q_rank, kv_rank, nope, rope, value); None: GQA


SHAPES = {
    "SmolLM2-135M": Shape(49152, 30, 576, 9, 3, 64, 1536, tied=True),  # its own file's metadata
    "Qwen3-0.6B": Shape(151_936, 28, 1024, 16, 8, 128, 3072, tied=True, qk_norm=True),  # its config.json
    "Qwen2.5-7B": Shape(152_064, 28, 3584, 28, 4, 128, 18_944, qkv_bias=True),  # its config.json
    "Llama-3-8B": Shape(128_256, 32, 4096, 32, 8, 128, 14_336),  # model card and params.json
    "Llama-3-70B": Shape(128_256, 80, 8192, 64, 8, 128, 28_672),  # model card and params.json
    "Llama-3.1-405B": Shape(128_256, 126, 16_384, 128, 8, 128, 53_248),  # arXiv 2407.21783, table 3
    "Mixtral-8x7B": Shape(32_000, 32, 4096, 32, 8, 128, 14_336, experts=8, chosen=2, expert_hidden=14_336),  # MixtralConfig
    "Mixtral-8x22B": Shape(32_000, 56, 6144, 48, 8, 128, 16_384, experts=8, chosen=2, expert_hidden=16_384),  # config.json
    "DeepSeek-V3": Shape(129_280, 61, 7168, 128, 128, 192, 18_432, experts=256, chosen=8, shared=1, expert_hidden=2048,
                         dense_layers=3, latent=(1536, 512, 128, 64, 128)),  # DeepseekV3Config, its defaults
}
