"""The checks that graded cells are written with.

Every check calls the learner's function with plain values, looks at what comes back, and fails with an
`AssertionError` that teaches: the call, what was expected, what came, the first place where they differ and, where
the answer is that of a known misconception, its name. The same check gives the same verdict in a notebook, where
`fn` is the learner's own function, and in the judge, where `fn` is a proxy for one that lives in a sandbox.
"""

from __future__ import annotations

import copy
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


class CheckFailed(AssertionError):
    """A check that failed. In a notebook its message stands alone: the frames of this module would teach nothing."""

    def _render_traceback_(self) -> list[str]:  # asked for by IPython
        return str(self).splitlines()


def check(fn: Callable, *args, want: Any, why: str = "", mistakes: Mapping[str, Any] | None = None,
          rtol: float | None = None, atol: float | None = None, **kwargs) -> None:
    """Call `fn(*args, **kwargs)` and expect `want` (see `expect`).

    Returns nothing: plain nbgrader would take a number at the end of a graded cell for its score.
    """
    got = _call_on_copies(fn, args, kwargs)
    expect(got, want, on=lambda: show_call(fn, args, kwargs), why=why, mistakes=mistakes, rtol=rtol, atol=atol)


def unchanged(fn: Callable, *args, want: Any, why: str = "", rtol: float | None = None, atol: float | None = None,
              **kwargs) -> None:
    """Call `fn` and expect both the right answer and arguments that are bit for bit what they were.

    The answer counts too (see `expect`), so that doing nothing at all is not rewarded for doing no harm.
    """
    before = copy.deepcopy((args, kwargs))
    got = _call(fn, *args, **kwargs)
    call = show_call(fn, *before)
    for name, old, new in [*zip(map("argument {}".format, range(1, 1 + len(args))), before[0], args),
                           *((f"argument {k}", before[1][k], kwargs[k]) for k in kwargs)]:
        if difference(new, old, rtol=0, atol=0):
            raise CheckFailed(_report(call, f"{name} to stay {show(old)}", f"it changed to {show(new)}",
                                         why or "work on a copy: the caller still needs what it passed in"))
    expect(got, want, on=call, rtol=rtol, atol=atol)


def raises(error: type[Exception], fn: Callable, *args, why: str, **kwargs) -> None:
    """Expect `fn(*args, **kwargs)` to raise `error`; `why` says what is wrong with the input."""
    call = show_call(fn, args, kwargs)
    try:
        got = _call(fn, *args, **kwargs)
    except NotImplementedError:
        raise  # a stub left alone, and a RuntimeError by birth
    except error:
        return
    except Exception as other:
        raise CheckFailed(_report(call, f"a {error.__name__}", f"{type(other).__name__}: {other}", why)) from None
    raise CheckFailed(_report(call, f"a {error.__name__}", show(got), why))


def expect(got: Any, want: Any, *, on: str | Callable[[], str], why: str = "", mistakes: Mapping[str, Any] | None = None,
           rtol: float | None = None, atol: float | None = None) -> None:
    """Expect `got` to equal `want`: same structure, shape and dtype, values within the tolerance of `want`'s dtype.

    A list equals a tuple; a number may come as int, float, numpy scalar or tensor without dimensions. NaN equals
    only NaN, an infinity only itself. `rtol=0, atol=0` asks for bit for bit.

    on:        what was computed, for the message: usually the call; or a function that says it, if it is asked
    why:       one sentence that helps whoever failed
    mistakes:  misconception -> the answer it would give; named in the message when `got` is that answer
    Raises AssertionError with the first difference.
    """
    where = difference(got, want, rtol, atol)
    if not where:
        return
    for name, wrong in (mistakes or {}).items():
        if not difference(got, wrong, rtol, atol):
            why = f"likely cause: {name}"
            break
    raise CheckFailed(_report(on() if callable(on) else on, show(want), show(got), f"{where}\n{why}" if why else where))


def value_and_grad(fn: Callable, *args, wrt: int | Sequence[int] = 0, output: int | None = None, **kwargs,
                   ) -> tuple[Any, tuple[torch.Tensor | None, ...]]:
    """The value of `fn(*args, **kwargs)` and the gradient of its sum with respect to the tensors `args[i]`, i in wrt.

    output: which element of a returned tuple to differentiate; None when the function returns one tensor.
    A gradient is None where none arrives (the graph was cut). Works for a function behind the judge's wall too:
    the gradient is then taken over there and only its value comes back.
    """
    wrt = (wrt,) if isinstance(wrt, int) else tuple(wrt)
    remote = getattr(type(fn), "value_and_grad", None)
    return (remote or differentiate)(fn, args, kwargs, wrt, output)


def differentiate(fn, args, kwargs, wrt, output):
    """`value_and_grad` in this process."""
    args = [a.detach().clone().requires_grad_() if i in wrt else a for i, a in enumerate(args)]
    value = fn(*args, **kwargs)
    scalar = value if output is None else value[output]
    if not isinstance(scalar, torch.Tensor):
        raise AssertionError(f"expected a tensor to differentiate, got {show(scalar)}")
    if not scalar.requires_grad:
        return _detached(value), (None,) * len(wrt)
    return _detached(value), torch.autograd.grad(scalar.sum(), [args[i] for i in wrt], allow_unused=True)


def _detached(x):
    if isinstance(x, torch.Tensor):
        return x.detach()
    return type(x)(map(_detached, x)) if type(x) in (tuple, list) else x


# --- comparing ------------------------------------------------------------------------------------------------------

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


def _call_on_copies(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """Call `fn` with arguments that nobody looks at afterwards."""
    if remote := getattr(type(fn), "call_on_copies", None):  # behind the judge's wall they are copies anyway
        return remote(fn, args, kwargs)
    return _call(fn, *copy.deepcopy(args), **copy.deepcopy(kwargs))


def _call(fn: Callable, *args, **kwargs) -> Any:
    """Call `fn`; of a stub left alone a notebook shows the hint and no traceback."""
    try:
        return fn(*args, **kwargs)
    except NotImplementedError as e:
        text = f"not written yet: {e}"
        e._render_traceback_ = lambda: [text]  # type: ignore[attr-defined]  # asked for by IPython
        raise


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


def _report(call: str, want: str, got: str, why: str = "") -> str:
    lines = [call, f"  expected  {want}", f"  got       {got}"]
    return "\n".join(lines + [f"  {line}" for line in why.splitlines()])
