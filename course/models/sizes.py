"""Real models and GPUs, as far as memory is concerned. Every number names its source.

Parameters are counted, not quoted: `source/14-kv-cache/test_oracles.py` builds each model without memory (on torch's meta
device, from transformers' classes) and counts again.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Model:
    name: str
    params: int  # all parameters
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    source: str
    mla: tuple[int, int] | None = None  # latent and rotary elements per token and layer
    window: int | None = None  # tokens that a windowed layer keeps
    windowed: int = 0  # how many layers have that window

    @property
    def groups(self) -> list[tuple[int, int | None]]:
        """(number of layers, window) for the layers of each kind."""
        return [(n, w) for n, w in [(self.layers - self.windowed, None), (self.windowed, self.window)] if n]

    def weight_bytes(self, size: float = 2) -> float:
        return self.params * size

    def cache_bytes(self, tokens: int, batch: int = 1, size: float = 2) -> float:
        """Bytes of a KV cache of `batch` sequences of `tokens` tokens; `size` bytes per element."""
        per_token = 2 * self.kv_heads * self.head_dim if self.mla is None else sum(self.mla)
        kept = sum(n * (tokens if w is None else min(tokens, w)) for n, w in self.groups)
        return per_token * kept * batch * size


@dataclass(frozen=True)
class GPU:
    name: str
    memory: float  # bytes
    bandwidth: float  # bytes per second
    source: str


MODELS = {m.name: m for m in [
    Model("Llama-2-7B", 6_738_415_616, 32, 32, 32, 128, "transformers LlamaConfig, its defaults"),
    Model("Mistral-7B-v0.1", 7_241_732_096, 32, 32, 8, 128, "transformers MistralConfig, its defaults",
          window=4096, windowed=32),
    Model("Llama-3-8B", 8_030_261_248, 32, 32, 8, 128, "model card and params.json, meta-llama/Meta-Llama-3-8B"),
    Model("Mixtral-8x7B", 46_702_792_704, 32, 32, 8, 128, "transformers MixtralConfig, its defaults"),
    Model("Llama-3-70B", 70_553_706_496, 80, 64, 8, 128, "model card and params.json, meta-llama/Meta-Llama-3-70B"),
    Model("gpt-oss-120b", 116_829_156_672, 36, 64, 8, 64, "transformers GptOssConfig, its defaults",
          window=128, windowed=18),
    Model("Llama-3.1-405B", 405_853_388_800, 126, 128, 8, 128, "The Llama 3 Herd of Models, arXiv 2407.21783, table 3"),
    Model("DeepSeek-V3", 671_026_404_352, 61, 128, 128, 128, "transformers DeepseekV3Config, its defaults",
          mla=(512, 64)),
]}

GPUS = {g.name: g for g in [
    GPU("A100 80 GB", 80e9, 2.0e12, "NVIDIA A100 datasheet (SXM: 2,039 GB/s)"),
    GPU("H100 80 GB", 80e9, 3.35e12, "NVIDIA H100 datasheet (SXM)"),
    GPU("H200 141 GB", 141e9, 4.8e12, "NVIDIA H200 datasheet"),
]}
