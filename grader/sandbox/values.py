"""Plain values as bytes: what may cross the wall between the judge and a learner's process.

A message is a tree of JSON nodes plus a list of raw buffers (array contents). There is no pickle and no code: what
does not belong to the types below crosses as a *reference*, a number that the other side can call or ask for
attributes, and nothing else. Decoding never trusts lengths, shapes or names that the other side states.

    JSON as is   None, bool, int (64 bit), float, str, list
    {"k": ...}   everything else; k names the type
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

MAX_DEPTH = 64
MAX_NODES = 500_000
MAX_ELEMENTS = 2**28   # of one array
MAX_STRETCHED = 2**24  # of one array with strides, which let few bytes claim many
MAX_BITS = 4096        # of one integer; Python refuses to print much longer ones
MAX_SAME_HASH = 50     # keys of one dict: equal hashes make building it quadratic

TORCH_DTYPES = {str(d).removeprefix("torch."): d for d in (
    torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64, torch.float16, torch.bfloat16,
    torch.float32, torch.float64, torch.complex64, torch.complex128, torch.float8_e4m3fn, torch.float8_e5m2)}
TORCH_NAMES = {d: name for name, d in TORCH_DTYPES.items()}
NOT_IN_NUMPY = {torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2}
NUMPY_DTYPES = {np.dtype(t).name: np.dtype(t) for t in (
    "bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")}


class ValueCodecError(ValueError):
    """A value that cannot cross, or bytes that are no value."""


class Encoder:
    """Turns one value into a node; buffers pile up in `buffers`.

    reference: called for what is no plain value; returns the node of a reference, or raises ValueCodecError.
    """

    def __init__(self, reference: Callable[[Any], dict]):
        self.reference = reference
        self.buffers: list[bytes] = []
        self.nodes = 0

    def encode(self, x: Any, depth: int = 0) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise ValueCodecError(f"a value nested deeper than {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise ValueCodecError(f"a value of more than {MAX_NODES:,} parts")
        if x is None or x is True or x is False:
            return x
        if isinstance(x, np.generic):
            return self._numpy(np.asarray(x), scalar=True)
        for kind in type(x).__mro__:  # subclasses cross as the plain type they extend
            if encode := _ENCODERS.get(kind):
                return encode(self, x, depth + 1)
        if dataclasses.is_dataclass(x) and not isinstance(x, type) and type(x).__module__.split(".")[0] == "course":
            fields = {f.name: self.encode(getattr(x, f.name), depth + 1) for f in dataclasses.fields(x) if f.init}
            return {"dataclass": f"{type(x).__module__}:{type(x).__qualname__}", "fields": fields}
        return self.reference(x)

    def _buffer(self, data: bytes) -> int:
        self.buffers.append(data)
        return len(self.buffers) - 1

    def _int(self, x, depth):
        x = int.__index__(x)
        if x.bit_length() > MAX_BITS:
            raise ValueCodecError(f"an integer of more than {MAX_BITS} bits")
        return x if -2**63 <= x < 2**63 else {"int": hex(x)}

    def _float(self, x, depth):
        x = float.__float__(x)
        return x if math.isfinite(x) else {"float": repr(x)}

    def _str(self, x, depth):
        return str.__str__(x)

    def _complex(self, x, depth):
        return {"complex": [self._float(x.real, depth), self._float(x.imag, depth)]}

    def _bytes(self, x, depth):
        return {"bytes": self._buffer(bytes(x))}

    def _list(self, x, depth):
        return [self.encode(v, depth) for v in list.__iter__(x)]

    def _tuple(self, x, depth):
        return {"tuple": [self.encode(v, depth) for v in tuple.__iter__(x)]}

    def _set(self, x, depth):
        return {"frozenset" if isinstance(x, frozenset) else "set": [self.encode(v, depth) for v in x]}

    def _dict(self, x, depth):
        return {"dict": [[self.encode(k, depth), self.encode(v, depth)] for k, v in dict.items(x)]}

    def _range(self, x, depth):
        return {"range": [x.start, x.stop, x.step]}

    def _slice(self, x, depth):
        return {"slice": [self.encode(v, depth) for v in (x.start, x.stop, x.step)]}

    def _dtype(self, x, depth):
        return {"dtype": str(x).removeprefix("torch.")}

    def _numpy_array(self, x, depth):
        return self._numpy(np.asarray(x))

    def _numpy(self, x: np.ndarray, scalar: bool = False):
        if x.dtype.name not in NUMPY_DTYPES:
            if scalar or x.size > MAX_NODES:
                raise ValueCodecError(f"a numpy value of dtype {x.dtype}")
            return {"objects": self.encode(x.tolist())}
        fortran = x.flags.f_contiguous and not x.flags.c_contiguous
        return {"scalar" if scalar else "array": self._buffer(x.tobytes(order="F" if fortran else "C")),
                "dtype": x.dtype.name, "shape": list(x.shape), "order": "F" if fortran else "C"}

    def _tensor(self, x: torch.Tensor, depth):
        x = x.detach()
        if type(x) is not torch.Tensor:
            x = x.as_subclass(torch.Tensor)
        if x.layout != torch.strided or x.is_quantized or x.dtype not in TORCH_NAMES:
            raise ValueCodecError(f"a {x.layout} tensor of dtype {x.dtype}; use a dense one")
        x = x.cpu().resolve_conj().resolve_neg()
        view = not x.is_contiguous() and x.numel() and (span := _span(x.shape, x.stride())) <= 4 * x.numel()
        # A view crosses as a view, so that code which forgets about strides is caught on the other side too.
        data = torch.as_strided(x, (span,), (1,)) if view else x.contiguous()
        return {"tensor": self._buffer(_bytes(data)), "dtype": TORCH_NAMES[x.dtype], "shape": list(x.shape),
                "stride": list(x.stride()) if view else None}


def _span(shape, stride) -> int:
    """How many elements lie between the first and the last of a view, both counted."""
    return 1 + sum((n - 1) * s for n, s in zip(shape, stride))


def _bytes(x: torch.Tensor) -> bytes:
    """The contents of a contiguous tensor."""
    if x.dtype in NOT_IN_NUMPY:
        x = torch.as_strided(x, (x.numel(),), (1,)).view(torch.uint8)  # of one element, reshape may keep an odd stride
    return x.numpy().tobytes()


_ENCODERS = {
    int: Encoder._int, float: Encoder._float, str: Encoder._str, torch.Tensor: Encoder._tensor,
    list: Encoder._list, tuple: Encoder._tuple, dict: Encoder._dict, np.ndarray: Encoder._numpy_array,
    set: Encoder._set, frozenset: Encoder._set, bytes: Encoder._bytes, bytearray: Encoder._bytes,
    complex: Encoder._complex, range: Encoder._range, slice: Encoder._slice, torch.dtype: Encoder._dtype,
}


class Decoder:
    """Turns a node and its buffers back into a value.

    reference: called with the node of a reference; returns what stands for it here.
    Raises ValueCodecError on anything that is not well formed.
    """

    def __init__(self, buffers: list[bytes], reference: Callable[[dict], Any]):
        self.buffers = buffers
        self.reference = reference
        self.nodes = 0

    def decode(self, node: Any, depth: int = 0) -> Any:
        if depth > MAX_DEPTH:
            raise ValueCodecError(f"a value nested deeper than {MAX_DEPTH} levels")
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ValueCodecError(f"a value of more than {MAX_NODES:,} parts")
        if node is None or isinstance(node, (bool, float, str)):
            return node
        if isinstance(node, int):
            return self._int(node)
        if isinstance(node, list):
            return [self.decode(n, depth + 1) for n in node]
        try:
            return self._decode_tagged(node, depth + 1)
        except ValueCodecError:
            raise
        except Exception as e:
            raise ValueCodecError(f"not a value: {type(e).__name__}: {e}") from None

    def _decode_tagged(self, node: dict, depth: int) -> Any:
        kind = next(iter(node), None)
        body = node[kind]
        if kind in ("tuple", "set", "frozenset"):
            items = [self.decode(n, depth) for n in body]
            return tuple(items) if kind == "tuple" else {"set": set, "frozenset": frozenset}[kind](_hashed(items))
        if kind == "dict":
            keys = _hashed([self.decode(k, depth) for k, _ in body])
            return dict(zip(keys, (self.decode(v, depth) for _, v in body)))
        if kind == "tensor":
            return self._tensor(node)
        if kind in ("array", "scalar"):
            return self._array(node, kind)
        if kind == "objects":
            return np.array(self.decode(body, depth), dtype=object)
        if kind == "bytes":
            return self.buffers[body]
        if kind == "int":
            return self._int(int(body[:MAX_BITS], 16))
        if kind == "float":
            return float({"nan": "nan", "inf": "inf", "-inf": "-inf"}[body])
        if kind == "complex":
            return complex(*(self.decode(n, depth) for n in body))
        if kind == "range":
            return self._range(range(*body))
        if kind == "slice":
            return slice(*(self.decode(n, depth) for n in body))
        if kind == "dtype":
            return TORCH_DTYPES[body]
        if kind == "dataclass":
            return self._dataclass(node, depth)
        return self.reference(node)

    @staticmethod
    def _int(x: int) -> int:
        if x.bit_length() > MAX_BITS:
            raise ValueCodecError(f"an integer of more than {MAX_BITS} bits")
        return x

    @staticmethod
    def _range(x: range) -> range:
        if len(x) > MAX_NODES:
            raise ValueCodecError(f"a range of more than {MAX_NODES:,} numbers")
        return x

    def _tensor(self, node):
        dtype, shape, stride = TORCH_DTYPES[node["dtype"]], tuple(node["shape"]), node.get("stride")
        self._check_shape(shape)
        data = self.buffers[node["tensor"]]
        count = math.prod(shape)
        if count == 0:
            return torch.empty(shape, dtype=dtype)
        if stride is not None and count > MAX_STRETCHED:
            raise ValueCodecError("a tensor with strides that stretch it over too many elements")
        if len(data) != (count if stride is None else _span(shape, stride)) * dtype.itemsize:
            raise ValueCodecError("a tensor whose bytes do not fit its shape")
        flat = torch.frombuffer(bytearray(data), dtype=dtype)
        return flat.reshape(shape) if stride is None else torch.as_strided(flat, shape, tuple(stride))

    def _array(self, node, kind):
        dtype, shape = NUMPY_DTYPES[node["dtype"]], tuple(node["shape"])
        self._check_shape(shape)
        data = self.buffers[node[kind]]
        if len(data) != math.prod(shape) * dtype.itemsize:
            raise ValueCodecError("an array whose bytes do not fit its shape")
        array = np.frombuffer(data, dtype).reshape(shape, order=node["order"]).copy(order="K")
        return array[()] if kind == "scalar" else array

    @staticmethod
    def _check_shape(shape):
        if len(shape) > 32 or not all(type(n) is int and n >= 0 for n in shape) or math.prod(shape) > MAX_ELEMENTS:
            raise ValueCodecError("a shape that is none, or one of too many elements")

    def _dataclass(self, node, depth):
        module, _, name = node["dataclass"].partition(":")
        cls = getattr(sys.modules.get(module), name, None)  # what this side has imported, and nothing else
        if not (isinstance(cls, type) and dataclasses.is_dataclass(cls) and cls.__module__.split(".")[0] == "course"):
            raise ValueCodecError(f"{node['dataclass']} is not one of the course's dataclasses")
        return cls(**{k: self.decode(v, depth) for k, v in node["fields"].items()})


def _hashed(keys: list) -> Iterable:
    """The keys, once it is sure that putting them into a dict takes no more than its time."""
    if keys and max(Counter(map(hash, keys)).values()) > MAX_SAME_HASH:
        raise ValueCodecError("keys that were made to have the same hash")
    return keys
