"""The checks that graded cells are written with.

Every check calls the learner's function with plain values, looks at what comes back, and fails with an
`AssertionError` that teaches: the call, what was expected, what came, the first place where they differ and, where
the answer is that of a known misconception, its name. The same check gives the same verdict in a notebook, where
`fn` is the learner's own function, and in the judge, where `fn` is a proxy for one that lives in a sandbox.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from .comparing import difference, show, show_call


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

    The answer counts too (see `expect`), so that doing nothing at all is not rewarded for doing no harm. The arguments of a
    second call are the same in float64, where `x.double()` is no copy; a function that takes no float64 may stop there.
    """
    before = copy.deepcopy((args, kwargs))
    got = _call(fn, *args, **kwargs)
    _expect_same(fn, (args, kwargs), before, why)
    expect(got, want, on=lambda: show_call(fn, *before), rtol=rtol, atol=atol)
    if wide := _in_float64(before):
        given = copy.deepcopy(wide)
        with contextlib.suppress(Exception):
            fn(*given[0], **given[1])
        _expect_same(fn, given, wide, why)


def _expect_same(fn: Callable, given: tuple[tuple, dict], before: tuple[tuple, dict], why: str) -> None:
    """Expect the arguments given to `fn` to be what they were before."""
    for name, new, old in [*zip(map("argument {}".format, range(1, 1 + len(given[0]))), given[0], before[0]),
                           *((f"argument {k}", given[1][k], before[1][k]) for k in before[1])]:
        if difference(new, old, rtol=0, atol=0):
            raise CheckFailed(_report(show_call(fn, *before), f"{name} to stay {show(old)}", f"it changed to {show(new)}",
                                         why or "work on a copy: the caller still needs what it passed in"))


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


def fresh(fn: Callable, *args, want: Any, why: str = "", rtol: float | None = None, atol: float | None = None,
          **kwargs) -> None:
    """Call `fn` and expect an answer in memory of its own: one that stays right when its caller writes into the arguments.

    Neither an argument itself nor a view of one will do, not even where the two are equal. A second call is in float64, as for
    `unchanged`.
    """
    got = _own_answer(fn, args, kwargs, want, why, rtol, atol)
    expect(got, want, on=lambda: show_call(fn, args, kwargs), why=why, rtol=rtol, atol=atol)
    if wide := _in_float64((args, kwargs)):
        try:
            _own_answer(fn, *wide, _in_dtype(want, torch.float64), why, rtol or 1e-4, atol or 1e-5)
        except CheckFailed:
            raise
        except Exception:  # float64 is nothing that this function takes
            pass


def _own_answer(fn: Callable, args: tuple, kwargs: dict, want: Any, why: str, rtol: float | None, atol: float | None) -> Any:
    """The answer after its caller wrote into the arguments; fails where it is right only as long as nobody does."""
    got = (getattr(type(fn), "call_then_scribble", None) or answer_after_scribbling)(fn, args, kwargs)
    shared = "the answer changed when the caller wrote into what it had passed in: it is, or shows, an argument's own memory"
    if difference(got, want, rtol, atol) and not difference(_call_on_copies(fn, args, kwargs), want, rtol, atol):
        raise CheckFailed(_report(show_call(fn, args, kwargs), f"{show(want)}, in new memory", show(got),
                                  f"{shared}\n{why}" if why else shared))
    return got


def answer_after_scribbling(fn: Callable, args: tuple, kwargs: dict) -> Any:
    """What `fn` returned, after its arguments were overwritten; in this process."""
    args, kwargs = copy.deepcopy((args, kwargs))
    got = _call(fn, *args, **kwargs)
    scribble(args)
    scribble(tuple(kwargs.values()))
    return got


def precise(fn: Callable, *args, oracle: Callable, dtypes: Sequence[torch.dtype] = (torch.float16, torch.bfloat16),
            eps: float = 1.0, why: str = "", **kwargs) -> None:
    """Call `fn` in half precision and expect what a float64 oracle gives on the same numbers, within one eps of the dtype.

    Rounding the right answer costs half an eps; scores, weights or sums kept in half precision cost more. Choose sizes
    whose roots are not exact (24, not 16), else a factor 1 / sqrt(E) hides the mistake.

    oracle: like `fn`, called with every floating tensor of the arguments in float64
    eps:    how many of the dtype's eps an answer may be off, relative to each number
    Numbers far below the answer's largest may be off by what float32 loses on that one.
    """
    for dtype in dtypes:
        given, named = _in_dtype(args, dtype), _in_dtype(kwargs, dtype)
        want = oracle(*_in_dtype(given, torch.float64), **_in_dtype(named, torch.float64))
        got = _call_on_copies(fn, given, named)
        call = show_call(fn, given, named)
        if where := difference(got, want.to(dtype), rtol=torch.inf, atol=torch.inf):
            raise CheckFailed(_report(call, show(want.to(dtype)), show(got), where))
        room = eps * torch.finfo(dtype).eps * want.abs() + 2.0**-20 * want.abs().amax().nan_to_num(0.0, 0.0)
        off = (got.double() - want).abs().nan_to_num(torch.inf) > room
        if off.any():
            i = tuple(torch.nonzero(off)[0].tolist())
            size = abs(got[i].item() - want[i].item()) / (torch.finfo(dtype).eps * max(abs(want[i].item()), 1e-300))
            name = str(dtype).removeprefix("torch.")
            raise CheckFailed(_report(call, f"{want[i].item():.6g} at {list(i)}, within {eps:g} eps of {name}",
                                      f"{got[i].item():.6g}, off by {size:.1f} eps",
                                      why or "compute in float32 inside and round once, at the end"))


def folds(fn: Callable, start: Any, parts: Sequence[tuple], *, want: Any, finish: Callable | None = None, why: str = "",
          rtol: float | None = None, atol: float | None = None) -> None:
    """Feed `state = fn(state, *part)` one part at a time and expect `want` of the last state.

    The judge hands over each part alone, so nothing can be kept back and put together at the end but what is in the state.

    start:  the first state
    finish: the learner's function from the last state to the answer; without it the state is the answer
    """
    state = copy.deepcopy(start)
    for part in parts:
        state = _call(fn, state, *copy.deepcopy(part))
    got = state if finish is None else _call(finish, state)
    steps = ", then ".join(show_call(fn, ("state", *part)) for part in parts[:2]) + (", …" if len(parts) > 2 else "")
    expect(got, want, on=steps, why=why, rtol=rtol, atol=atol)


def steps(thing: Any, calls: Sequence[tuple], *, why: str = "", rtol: float | None = None, atol: float | None = None) -> None:
    """Call methods of a stateful object in turn and expect each answer; the message tells the calls that led there.

    thing: the learner's object, or function of no state
    calls: (method name, arguments, wanted answer); a wanted answer of `...` is not looked at
    """
    done: list[str] = []
    for method, args, want in calls:
        bound = getattr(thing, method)
        done.append(f"{method}({', '.join(map(show, args))})")
        got = _call(bound, *copy.deepcopy(args))
        if want is not ...:
            expect(got, want, on="after " + ", ".join(done[-4:-1]) + f": {done[-1]}" if done[:-1] else done[-1], why=why,
                   rtol=rtol, atol=atol)


def committed(prediction: Any, *, options: Sequence = (), order_of: Sequence = ()) -> None:
    """Expect a prediction that commits: one of the options (a sign, a bucket), or all of `order_of` in some order."""
    if order_of:
        given = list(prediction) if isinstance(prediction, (list, tuple)) else []
        if sorted(map(repr, given)) != sorted(map(repr, order_of)):
            raise CheckFailed(f"prediction: expected {', '.join(map(show, order_of))}, each once, in the order that you "
                              f"expect; got {show(prediction)}")
    elif not any(type(prediction) is type(o) and prediction == o for o in options):
        raise CheckFailed(f"prediction: expected one of {', '.join(map(show, options))}; got {show(prediction)}")


def predicted(prediction: Any, want: Any, why: str) -> None:
    """Expect the prediction to be what was measured. The message does not give the answer away: the experiment shows it."""
    got = list(prediction) if isinstance(prediction, tuple) else prediction
    if type(got) is not type(want) or got != want:
        raise CheckFailed(f"prediction: {show(prediction)} is not what the experiment shows. {why}")


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


def value_and_grad(fn: Callable, *args, wrt: int | Sequence[int] = 0, output: int | None = None,
                   upstream: torch.Tensor | None = None, **kwargs) -> tuple[Any, tuple[torch.Tensor | None, ...]]:
    """The value of `fn(*args, **kwargs)` and the gradient of its sum with respect to the tensors `args[i]`, i in wrt.

    output:   which element of a returned tuple to differentiate; None when the function returns one tensor.
    upstream: the gradient that arrives at the value, of its shape, in place of ones; a backward pass of a learner's own
              has to multiply by it.
    A gradient is None where none arrives (the graph was cut). Works for a function behind the judge's wall too:
    the gradient is then taken over there and only its value comes back.
    """
    wrt = (wrt,) if isinstance(wrt, int) else tuple(wrt)
    remote = getattr(type(fn), "value_and_grad", None)
    return (remote or differentiate)(fn, args, kwargs, wrt, output, upstream)


def differentiate(fn, args, kwargs, wrt, output, upstream=None):
    """`value_and_grad` in this process."""
    args = [a.detach().clone().requires_grad_() if i in wrt else a for i, a in enumerate(args)]
    value = fn(*args, **kwargs)
    scalar = value if output is None else value[output]
    if not isinstance(scalar, torch.Tensor):
        raise AssertionError(f"expected a tensor to differentiate, got {show(scalar)}")
    if not scalar.requires_grad:
        return _detached(value), (None,) * len(wrt)
    total = (scalar if upstream is None else scalar * upstream).sum()
    return _detached(value), torch.autograd.grad(total, [args[i] for i in wrt], allow_unused=True)


def _detached(x):
    if isinstance(x, torch.Tensor):
        return x.detach()
    return type(x)(map(_detached, x)) if type(x) in (tuple, list) else x


# --- small words -----------------------------------------------------------------------------------------------------

def scribble(x: Any) -> None:
    """Write into whatever of `x` can be written into."""
    if isinstance(x, torch.Tensor):
        with torch.no_grad(), contextlib.suppress(RuntimeError):  # of an expanded one, numbers share their place
            x.copy_(~x if x.dtype == torch.bool else x.flip(tuple(range(x.dim()))) + 1)
    elif isinstance(x, np.ndarray) and x.dtype.kind in "biufc":
        x[...] = ~x if x.dtype == bool else np.flip(x) + 1
    elif isinstance(x, (list, tuple)):
        for part in x:
            scribble(part)
        if isinstance(x, list):
            x.append("written by the caller")
    elif isinstance(x, dict):
        scribble(list(x.values()))
        x["written by"] = "the caller"
    elif isinstance(x, set):
        x.add("written by the caller")


def _in_float64(given: tuple[tuple, dict]) -> tuple[tuple, dict] | None:
    """The arguments of a call with their floats in float64; None where they hold none that is narrower."""
    wide = _in_dtype(given, torch.float64)
    return wide if difference(wide, given, rtol=torch.inf, atol=torch.inf) else None


def _in_dtype(x: Any, dtype: torch.dtype) -> Any:
    """Every floating tensor in `x` in this dtype, and in float64 every array; all else as it is."""
    if isinstance(x, torch.Tensor):
        return x.to(dtype) if x.is_floating_point() else x
    if isinstance(x, np.ndarray) and x.dtype.kind == "f" and dtype == torch.float64:
        return x.astype(np.float64)
    if type(x) in (list, tuple):
        return type(x)(_in_dtype(v, dtype) for v in x)
    return {k: _in_dtype(v, dtype) for k, v in x.items()} if type(x) is dict else x


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


def _report(call: str, want: str, got: str, why: str = "") -> str:
    lines = [call, f"  expected  {want}", f"  got       {got}"]
    return "\n".join(lines + [f"  {line}" for line in why.splitlines()])
