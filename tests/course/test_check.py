"""The checks that look for a kind of mistake: the same verdict in a notebook and through the judge's wall."""

import math

import pytest
import torch

from course.check import CheckFailed, committed, folds, fresh, precise, predicted, steps, unchanged
from course.models.transformer import Config
from grader.judge.session import Session
from grader.sandbox.limits import Limits

CODE = """
import dataclasses, math
import numpy as np
import torch
def copies(x): return x * 1
def itself(x): return x
def view(x): return x[..., 1:]
def twice_or_itself(x, s): return x if s == 1 else x * s
def list_itself(xs): return xs
def list_new(xs): return list(xs)
def wrong(x): return x + 1
def plus_in_float64(x):
    wide = x.double()
    wide += 1
    return wide.to(x.dtype)
def plus_in_numpy(x):
    wide = np.asarray(x, dtype=np.float64)
    wide += 1
    return wide.astype(x.dtype)
def plus_in_float32(x):
    if x.dtype != torch.float32: raise TypeError("float32 only")
    return x + 1
def times_in_float64(x, s): return (x.double() if s == 1 else x.double() * s).to(x.dtype)
def bits(x): return x.clone().view(torch.int32)
def wider(c): return dataclasses.replace(c, width=c.width + 1)
def wider_inside(c): object.__setattr__(c, "width", c.width + 1); return c

def scores(q, k):
    return ((q.float() @ k.float().T) / math.sqrt(q.shape[-1])).softmax(-1).to(q.dtype)
def scores_scaled_in_half(q, k):
    return ((q / torch.tensor(math.sqrt(q.shape[-1])).to(q.dtype)).float() @ k.float().T).softmax(-1).to(q.dtype)
def scores_in_half(q, k):
    return ((q @ k.T) / math.sqrt(q.shape[-1])).float().softmax(-1).to(q.dtype)
def scores_out_wide(q, k):
    return ((q.float() @ k.float().T) / math.sqrt(q.shape[-1])).softmax(-1)

def fold(state, x, w):
    m, l = state
    new = max(m, float(x.max()))
    return new, l * math.exp(m - new) + float((w * (x - new).exp()).sum())
def fold_last_only(state, x, w):
    return float(x.max()), float((w * (x - x.max()).exp()).sum())
def finish(state): return state[0] + math.log(state[1])

class Counter:
    def __init__(self): self.seen = []
    def add(self, x): self.seen.append(x); return len(self.seen)
    def mean(self): return sum(self.seen) / len(self.seen)
class Forgetful(Counter):
    def add(self, x): self.seen = [x]; return 1
counter, forgetful = Counter(), Forgetful()

kept = []
def remembers(f):
    kept.append(f)
    return all(g is kept[0] for g in kept)
"""


@pytest.fixture(params=["notebook", "judge"])
def learner(request):
    """The learner's names, as a graded cell has them on either side."""
    if request.param == "notebook":
        namespace: dict = {}
        exec(CODE, namespace)
        yield namespace.__getitem__
        return
    session = Session(request.getfixturevalue("warm"), Limits(cell=20))
    assert not session.run("cell", CODE).error
    yield session.get
    session.close()


X = torch.arange(6.0).reshape(2, 3)


def test_an_answer_in_fresh_memory(learner):
    fresh(learner("copies"), X, want=X)
    fresh(learner("list_new"), [1, 2], want=[1, 2])
    fresh(learner("twice_or_itself"), X, 3.0, want=3 * X)
    for name, args, want in [("itself", (X,), X), ("view", (X,), X[..., 1:]), ("twice_or_itself", (X, 1.0), X),
                             ("list_itself", ([],), []), ("itself", (torch.zeros(3),), torch.zeros(3))]:
        with pytest.raises(CheckFailed, match="an argument's own memory"):
            fresh(learner(name), *args, want=want)
    with pytest.raises(CheckFailed) as wrong:
        fresh(learner("wrong"), X, want=X)
    assert "memory" not in str(wrong.value), "a wrong answer is told as one"
    assert torch.equal(X, torch.arange(6.0).reshape(2, 3)), "the check leaves its own arguments alone"


def test_what_works_in_float64_copies_what_is_float64_already(learner):
    unchanged(learner("plus_in_float32"), X, want=X + 1)  # who takes no float64 need not
    for name, x in [("plus_in_float64", X), ("plus_in_numpy", X.numpy())]:
        with pytest.raises(CheckFailed, match="float64.*\n.*argument 1 to stay"):
            unchanged(learner(name), x, want=x + 1)
    fresh(learner("bits"), X, want=X.view(torch.int32))  # another answer in float64 is none of its business
    fresh(learner("times_in_float64"), X, 3.0, want=3 * X)
    with pytest.raises(CheckFailed, match="float64(.|\n)*an argument's own memory"):
        fresh(learner("times_in_float64"), X, 1.0, want=X)


def test_a_dataclass_is_compared_by_its_fields(learner):
    unchanged(learner("wider"), Config(vocab=9, width=64), want=Config(vocab=9, width=65))
    with pytest.raises(CheckFailed, match="argument 1 to stay"):
        unchanged(learner("wider_inside"), Config(vocab=9, width=64), want=Config(vocab=9, width=65))
    with pytest.raises(CheckFailed, match="in width: expected 66, got 65"):
        unchanged(learner("wider"), Config(vocab=9, width=64), want=Config(vocab=9, width=66))


def oracle(q, k):
    return ((q @ k.T) / math.sqrt(q.shape[-1])).softmax(-1)


def test_half_precision_inside_is_seen(learner):
    for seed in range(20):
        rng = torch.Generator().manual_seed(seed)
        q, k = (3 * torch.randn(n, 24, generator=rng) for n in (7, 40))
        precise(learner("scores"), q, k, oracle=oracle)
    for name in ("scores_scaled_in_half", "scores_in_half"):
        with pytest.raises(CheckFailed, match="within 1 eps of float16.*\n.*off by"):
            precise(learner(name), q, k, oracle=oracle)
    with pytest.raises(CheckFailed, match="expected dtype torch.float16, got torch.float32"):
        precise(learner("scores_out_wide"), q, k, oracle=oracle)


def test_a_state_is_fed_part_by_part(learner):
    rng = torch.Generator().manual_seed(0)
    parts = [(5 * torch.randn(n, generator=rng), torch.rand(n, generator=rng)) for n in (3, 1, 8)]
    want = torch.cat([x + w.log() for x, w in parts]).double().logsumexp(0).item()
    folds(learner("fold"), (-math.inf, 0.0), parts, want=want, finish=learner("finish"), rtol=1e-5, atol=0)
    with pytest.raises(CheckFailed, match=r"fold_last_only\('state'.*, …"):
        folds(learner("fold_last_only"), (-math.inf, 0.0), parts, want=want, finish=learner("finish"), rtol=1e-5, atol=0)


def test_an_object_is_led_step_by_step(learner):
    calls = [("add", (2.0,), 1), ("add", (4.0,), ...), ("mean", (), 3.0)]
    steps(learner("counter"), calls)
    with pytest.raises(CheckFailed, match=r"after add\(2.0\), add\(4.0\): mean\(\)"):
        steps(learner("forgetful"), calls)


def test_the_judges_function_is_the_same_each_time_it_comes(learner):
    def model(ids):
        return ids
    assert learner("remembers")(model) is True and learner("remembers")(model) is True
    assert learner("remembers")(lambda ids: ids) is False


def test_a_prediction_commits_and_its_message_gives_nothing_away():
    committed("rises", options=["rises", "falls"])
    committed(["b", "a"], order_of=["a", "b"])
    for prediction, ask in [(None, {"options": ["rises", "falls"]}), (1, {"options": [True, False]}),
                            (["a"], {"order_of": "ab"}), (None, {"order_of": ["a", "b"]}),
                            (["a", "a"], {"order_of": ["a", "b"]})]:
        with pytest.raises(CheckFailed, match="prediction: expected"):
            committed(prediction, **ask)
    predicted(("b", "a"), ["b", "a"], "Read the last table.")
    with pytest.raises(CheckFailed) as failed:
        predicted("rises", "falls", "Read the last table.")
    assert "falls" not in str(failed.value) and "Read the last table" in str(failed.value)
