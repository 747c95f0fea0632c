"""How two values differ, in words, and a value as a learner would type it."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

# Relative and absolute tolerance per dtype: some hundred roundings of room. An exercise whose reference was compared
# with a float64 oracle over many seeds sets its own.
TOLERANCE = {
    torch.float64: (1e-7, 1e-8),
    torch.float32: (1e-4, 1e-5),
    torch.float16: (1e-2, 1e-3),
    torch.bfloat16: (2e-2, 1e-2),
}


def difference(got: Any, want: Any, rtol: float | None = None, atol: float | None = None) -> str:
    """Where and how `got` differs from `want`, in words; empty when it does not."""
    if isinstance(want, torch.Tensor) and want.dim() == 0 and _is_number(got) and not isinstance(got, torch.Tensor):
        want = want.item()
    if isinstance(want, (torch.Tensor, np.ndarray)):
        return _array_difference(got, want, rtol, atol)
    if isinstance(want, bool) or want is None or isinstance(want, (str, bytes)):
        got = got.item() if isinstance(got, np.bool_) else got
        return "" if type(got) is type(want) and got == want else f"expected {show(want)}, got {show(got)}"
    if isinstance(want, numbers.Number):
        return _number_difference(got, want, rtol, atol)
    if isinstance(want, (list, tuple)):
        return _sequence_difference(got, want, rtol, atol)
    if isinstance(want, dict):
        return _dict_difference(got, want, rtol, atol)
    if isinstance(want, (set, frozenset)):
        return "" if isinstance(got, (set, frozenset)) and got == want else f"expected {show(want)}, got {show(got)}"
    if dataclasses.is_dataclass(want) and type(got) is type(want):
        return _fields_difference(got, want, rtol, atol)
    return "" if got is want else f"expected {show(want)}, got {show(got)}"


def _is_number(x) -> bool:
    if isinstance(x, (torch.Tensor, np.ndarray)):
        return x.ndim == 0
    return isinstance(x, numbers.Number) and not isinstance(x, bool)


def _number_difference(got, want, rtol, atol) -> str:
    if not _is_number(got):
        return f"expected the number {show(want)}, got {show(got)}"
    if isinstance(got, (torch.Tensor, np.ndarray, np.generic)):
        got = got.item()
    if rtol is None and atol is None:
        exact = isinstance(want, int)
        rtol, atol = (0.0, 0.0) if exact else TOLERANCE[torch.float64]
    if isinstance(want, complex) or isinstance(got, complex):
        same = abs(got - want) <= (atol or 0) + (rtol or 0) * abs(want)
    elif math.isnan(want) or math.isnan(got):
        same = math.isnan(want) and math.isnan(got)
    elif math.isinf(want) or math.isinf(got):
        same = got == want
    else:
        same = abs(got - want) <= (atol or 0) + (rtol or 0) * abs(want)
    return "" if same else f"expected {want!r}, got {got!r}"


def _array_difference(got, want, rtol, atol) -> str:
    kind = "torch tensor" if isinstance(want, torch.Tensor) else "numpy array"
    if not isinstance(got, type(want)):
        return f"expected a {kind}, got {show(got)}"
    if tuple(got.shape) != tuple(want.shape):
        return f"expected shape {tuple(want.shape)}, got {tuple(got.shape)}"
    if got.dtype != want.dtype:
        return f"expected dtype {want.dtype}, got {got.dtype}"
    if isinstance(want, np.ndarray):
        if want.dtype.kind not in "biufc":
            return "" if (got == want).all() else f"expected {show(want)}, got {show(got)}"
        got, want = torch.from_numpy(np.array(got)), torch.from_numpy(np.array(want))
    got, want = got.detach().cpu(), want.detach().cpu()
    if rtol is None and atol is None:
        rtol, atol = TOLERANCE.get(want.dtype, (0.0, 0.0))
    wide = torch.complex128 if want.is_complex() else torch.float64 if want.is_floating_point() else want.dtype
    if torch.equal(got, want):
        return ""
    same = torch.isclose(got.to(wide), want.to(wide), rtol=rtol or 0.0, atol=atol or 0.0, equal_nan=True)
    if same.all():
        return ""
    index = tuple(torch.nonzero(~same)[0].tolist()) if same.dim() else ()
    place = f"at {list(index)}: " if index else ""
    nans = f"\n{int(torch.isnan(got).sum())} of {got.numel()} numbers are NaN" if torch.isnan(got).any() else ""
    return f"first difference {place}expected {want[index].item()!r}, got {got[index].item()!r}{nans}"


def _sequence_difference(got, want, rtol, atol) -> str:
    if not isinstance(got, (list, tuple)):
        return f"expected {show(want)}, got {show(got)}"
    if len(got) != len(want):
        return f"expected {len(want)} elements, got {len(got)}"
    for i, (g, w) in enumerate(zip(got, want)):
        if where := difference(g, w, rtol, atol):
            return f"in element {i}: {where}"
    return ""


def _dict_difference(got, want, rtol, atol) -> str:
    if not isinstance(got, dict) or set(got) != set(want):
        keys = sorted(map(repr, got)) if isinstance(got, dict) else show(got)
        return f"expected a dict with the keys {sorted(map(repr, want))}, got {keys}"
    for k in want:
        if where := difference(got[k], want[k], rtol, atol):
            return f"under key {k!r}: {where}"
    return ""


def _fields_difference(got, want, rtol, atol) -> str:
    for field in dataclasses.fields(want):
        if where := difference(getattr(got, field.name, None), getattr(want, field.name), rtol, atol):
            return f"in {field.name}: {where}"
    return ""


# --- showing --------------------------------------------------------------------------------------------------------

def show(x: Any, limit: int = 240) -> str:
    """A value as a learner would type it, cut to about `limit` characters."""
    if isinstance(x, (torch.Tensor, np.ndarray)):
        dtype = str(x.dtype).removeprefix("torch.")
        if math.prod(x.shape) > 64:
            return f"a {dtype} {'tensor' if isinstance(x, torch.Tensor) else 'array'} of shape {tuple(x.shape)}"
        note = "" if dtype in ("float32", "int64") else f", {dtype}"
        text = f"{_rounded(x.tolist())}{note}"
    elif callable(x) and not dataclasses.is_dataclass(x):
        text = getattr(x, "__name__", "a function")
    else:
        text = repr(_rounded(x)) if isinstance(x, (list, tuple, dict, float)) else repr(x)
    return text if len(text) <= limit else text[:limit - 3] + "..."


def _rounded(x):
    if isinstance(x, float):
        return float(f"{x:.5g}") if math.isfinite(x) else x
    if isinstance(x, (torch.Tensor, np.ndarray)):
        return _rounded(x.tolist()) if math.prod(x.shape) <= 16 else show(x)
    if type(x) in (list, tuple):
        return type(x)(map(_rounded, x))
    if type(x) is dict:
        return {k: _rounded(v) for k, v in x.items()}
    return x


def show_call(fn: Callable, args: Sequence = (), kwargs: Mapping[str, Any] | None = None) -> str:
    """`fn(args, k=v)` in one line."""
    parts = [show(a) for a in args] + [f"{k}={show(v)}" for k, v in (kwargs or {}).items()]
    return f"{getattr(fn, '__name__', 'your function')}({', '.join(parts)})"
