"""A reader for GGUF, the file format of llama.cpp: what the file says of itself, and its tensors, quantised or not.

    file = GGUF(path)
    file.metadata["llama.block_count"]      a number, a string or a list of them
    file.blocks("blk.0.attn_q.weight")      the bytes as stored: (rows, blocks in a row, bytes in a block)
    file.tensor("blk.0.attn_q.weight")      the same as float32 numbers: (rows, columns)

Layout, all little-endian: "GGUF", version, how many tensors, how many metadata; the metadata (key, type, value); for each
tensor name, sizes (the last dimension first), type and offset; then, at a multiple of the alignment, the numbers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

SCALARS = {i: struct.Struct("<" + code) for i, code in enumerate("BbHhIif?")} | {
    i: struct.Struct("<" + code) for i, code in enumerate("Qqd", start=10)}
STRING, ARRAY = 8, 9
U32, U64 = SCALARS[4], SCALARS[10]


class GGUF:
    def __init__(self, path: str | Path):
        """Raises ValueError where the file is no GGUF of version 2 or 3. Tensors are read when they are asked for."""
        self.bytes = np.memmap(path, np.uint8, "r")
        header = _Cursor(self.bytes)
        if header.take(4) != b"GGUF" or header.scalar(U32) not in (2, 3):
            raise ValueError(f"{path} is not a GGUF file of version 2 or 3")
        tensors, metadata = header.scalar(U64), header.scalar(U64)
        self.metadata = {header.string(): header.value(header.scalar(U32)) for _ in range(metadata)}
        self.infos = {header.string(): header.info() for _ in range(tensors)}
        alignment = self.metadata.get("general.alignment", 32)
        self.start = math.ceil(header.at / alignment) * alignment

    def blocks(self, name: str) -> np.ndarray:
        """The stored bytes of a tensor, uint8 (rows, blocks in a row, bytes in a block); read-only.

        Raises KeyError for an unknown name and ValueError for a kind of block that this reader does not know.
        """
        info = self.infos[name]
        if info.kind not in KINDS:
            raise ValueError(f"{name} has the GGML type {info.kind}; this reader knows {sorted(KINDS)}")
        kind = KINDS[info.kind]
        rows, count = math.prod(info.shape[:-1]), info.shape[-1] // kind.weights
        begin = self.start + info.offset
        return self.bytes[begin:begin + rows * count * kind.bytes].reshape(rows, count, kind.bytes)

    def tensor(self, name: str) -> Tensor:
        """A tensor in float32, with its own shape: (outputs, inputs) for a matrix. Raises as `blocks` does."""
        blocks, info = self.blocks(name), self.infos[name]
        return torch.from_numpy(KINDS[info.kind].decode(blocks)).reshape(info.shape)


# --- kinds of blocks -------------------------------------------------------------------------------------------------

def decode_f32(blocks: np.ndarray) -> np.ndarray:
    """(R, N, 4) bytes -> (R, N, 1): a number is a block of its own."""
    return blocks.copy().view("<f4")


def decode_q8_0(blocks: np.ndarray) -> np.ndarray:
    """(R, N, 34) bytes -> (R, N, 32): a float16 scale, then 32 signed bytes; weight = scale * byte."""
    return _halves(blocks[..., :2]) * blocks[..., 2:].view(np.int8)


def decode_q4_1(blocks: np.ndarray) -> np.ndarray:
    """(R, N, 20) bytes -> (R, N, 32): a float16 scale and minimum, then 32 levels of 4 bits; weight = scale * level + minimum.

    A byte holds the levels of weights i (its low half) and i + 16 (its high half).
    """
    head, packed = _halves(blocks[..., :4]), blocks[..., 4:]
    weights = np.concatenate([packed & 15, packed >> 4], -1) * head[..., :1]
    weights += head[..., 1:]
    return weights


def _halves(raw: np.ndarray) -> np.ndarray:
    """Bytes as float16 numbers, in float32."""
    return np.ascontiguousarray(raw).view("<f2").astype(np.float32)


@dataclass(frozen=True)
class Kind:
    weights: int  # in a block
    bytes: int  # of a block
    decode: Callable[[np.ndarray], np.ndarray]


KINDS = {0: Kind(1, 4, decode_f32), 3: Kind(32, 20, decode_q4_1), 8: Kind(32, 34, decode_q8_0)}  # by GGML's numbers


# --- the header ------------------------------------------------------------------------------------------------------

@dataclass(frozen=True)
class Info:
    shape: tuple[int, ...]
    kind: int
    offset: int  # from the start of the numbers


class _Cursor:
    """Reads the header from front to back."""

    def __init__(self, data: np.ndarray):
        self.data, self.at = data.data, 0  # a memoryview: slices of it copy nothing

    def take(self, count: int) -> bytes:
        self.at += count
        return bytes(self.data[self.at - count:self.at])

    def scalar(self, kind: struct.Struct):
        self.at += kind.size
        return kind.unpack_from(self.data, self.at - kind.size)[0]

    def string(self) -> str:
        return self.take(self.scalar(U64)).decode()

    def value(self, kind: int):
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            element, count = self.scalar(U32), self.scalar(U64)
            return [self.value(element) for _ in range(count)]
        return self.scalar(SCALARS[kind])

    def info(self) -> Info:
        sizes = [self.scalar(U64) for _ in range(self.scalar(U32))]
        return Info(tuple(reversed(sizes)), self.scalar(U32), self.scalar(U64))
