"""Calls across the wall behave as calls in one process do, as far as plain values go."""

import numpy as np
import pytest
import torch

from course.check import check, raises, unchanged, value_and_grad
from grader.judge.proxy import Proxy
from grader.judge.session import Died, OutOfMemory, OutOfTime, Session
from grader.sandbox.limits import Limits

NOTEBOOK = '''
import os, time
import numpy as np
import torch

def identity(*args, **kwargs): return (args, kwargs) if kwargs else args if len(args) != 1 else args[0]
def double_in_place(x): x *= 2; return x
def append(xs): xs.append(4)
def apply(f, *args): return f(*args)
def adder(n): return lambda x: x + n
def hands_its_own(f):
    notes, table, x = ["a", {"b": 1}], {"k": [1]}, torch.arange(6.0).reshape(2, 3).T
    inner = notes[1]
    f(notes, x, table=table)
    return notes, x, table, inner is notes[1], inner
def survives(f):
    notes = ["a"]
    try: f(notes)
    except ValueError as e: notes.append(str(e))
    return notes
def square(x): return x ** 2
def detached(x): return x.detach() ** 2
def pair(x): return x.sum(), x * 3
def fail(kind):
    raise {"value": ValueError("no"), "own": Own("mine"), "stop": StopIteration(), "exit": KeyboardInterrupt()}[kind]
def leave(): os._exit(0)
def hang(): time.sleep(100)
def hog(): return bytearray(30 << 30)
def say(x): print("noise" * 10**5); return x

class Own(KeyError): pass
class Counter:
    def __init__(self, start): self.n = start
    def add(self, k): self.n += k; return self.n
    def __eq__(self, other): return True
    def __bool__(self): return True
def counter(n): return Counter(n)
answer = 42
'''


@pytest.fixture(scope="module")
def session(warm):
    running = Session(warm, Limits(cell=2, memory=1 << 30))
    assert running.run("notebook", NOTEBOOK).error == ""
    yield running
    running.close()


def test_values_names_and_functions(session):
    assert session.get("answer") == 42
    identity = session.get("identity")
    x = torch.arange(6.0).reshape(2, 3).T
    came = identity(x)
    assert torch.equal(came, x) and type(came) is torch.Tensor
    assert identity(1, [2.0, None], k=np.float32(3)) == ((1, [2.0, None]), {"k": np.float32(3)})
    with pytest.raises(NameError, match="nothing"):
        session.get("nothing")


def test_in_place_changes_arrive(session):
    x, xs = torch.ones(3), [1, 2, 3]
    session.get("double_in_place")(x)
    session.get("append")(xs)
    assert x.tolist() == [2, 2, 2] and xs == [1, 2, 3, 4]
    with pytest.raises(AssertionError, match="argument 1 to stay"):
        unchanged(session.get("double_in_place"), torch.ones(3), want=2 * torch.ones(3))


def test_functions_travel_both_ways(session):
    apply, adder = session.get("apply"), session.get("adder")
    assert apply(lambda a, b: a * b, 6, 7) == 42
    assert adder(3)(4) == 7
    assert apply(adder(5), 1) == 6
    assert apply(lambda f: f(1), adder(1)) == 2
    with pytest.raises(ZeroDivisionError):
        apply(lambda: 1 / 0)


def test_what_a_function_of_the_judges_changes_in_place_changes_over_there(session):
    def meddles(notes, x, table):
        notes.append("c")
        notes[1]["b"] = 2
        x[0, 1] = -1
        table.clear()

    notes, x, table, same, inner = session.get("hands_its_own")(meddles)
    assert notes == ["a", {"b": 2}, "c"] and table == {} and same and inner == {"b": 2}
    assert torch.equal(x, torch.tensor([[0.0, -1.0], [1.0, 4.0], [2.0, 5.0]]))
    notes, x, table, same, _ = session.get("hands_its_own")(lambda notes, x, table: None)
    assert notes == ["a", {"b": 1}] and torch.equal(x, torch.arange(6.0).reshape(2, 3).T) and table == {"k": [1]} and same


def test_what_it_changed_before_it_raised_changes_over_there_too(session):
    def meddles(notes):
        notes.append("b")
        raise ValueError("c")

    assert session.get("survives")(meddles) == ["a", "b", "c"]


def test_gradients_are_taken_over_there(session):
    x = torch.tensor([1.0, 2.0], dtype=torch.float64)
    value, (g,) = value_and_grad(session.get("square"), x)
    assert value.tolist() == [1, 4] and g.tolist() == [2, 4] and not value.requires_grad
    assert value_and_grad(session.get("square"), x, upstream=torch.tensor([1.0, -2.0]))[1][0].tolist() == [2, -8]
    assert value_and_grad(session.get("detached"), x)[1] == (None,)
    assert value_and_grad(session.get("pair"), x, output=1)[1][0].tolist() == [3, 3]


def test_exceptions_arrive_as_the_nearest_builtin(session):
    fail = session.get("fail")
    raises(ValueError, fail, "value", why="it was asked to")
    with pytest.raises(KeyError):
        fail("own")
    with pytest.raises(RuntimeError):
        fail("exit")
    with pytest.raises(Exception) as caught:
        fail("stop")
    assert caught.value.theirs.startswith("StopIteration")


def test_objects_are_handles_and_never_values(session):
    counter = session.get("counter")(5)
    assert isinstance(counter, Proxy)
    assert counter.add(2) == 7 and counter.n == 7
    for use in (lambda c: c == 7, lambda c: c != 7, lambda c: c == torch.ones(1),
                bool, float, list, lambda c: c + 1, lambda c: c < 3, np.asarray):
        with pytest.raises(TypeError, match="expected a plain value"):
            use(counter)
    with pytest.raises(AssertionError, match="Counter"):
        check(session.get("counter"), 5, want=5)


def test_a_lost_process_is_replaced_and_old_handles_are_dead(session):
    counter = session.get("counter")(1)
    for name, fatal in (("leave", Died), ("hang", OutOfTime)):
        with pytest.raises(fatal):
            session.get(name)()
        assert session.get("answer") == 42
    with pytest.raises(Died):
        counter.add(1)


def test_running_out_of_memory_is_said(session):
    with pytest.raises(OutOfMemory):
        session.get("hog")()
    assert session.get("answer") == 42


def test_output_during_a_call_does_no_harm(session):
    assert session.get("say")(3) == 3


def test_a_cell_that_kills_the_process_costs_only_itself(warm):
    session = Session(warm, Limits(cell=5))
    try:
        session.run("a", "a = 1")
        assert "ended its process" in session.run("b", "import os; b = 2; os._exit(0)").error
        session.run("c", "c = 3")
        assert (session.get("a"), session.get("c")) == (1, 3)
        with pytest.raises(NameError):
            session.get("b")
    finally:
        session.close()




def test_a_function_of_the_judges_is_the_same_object_each_time(session):
    """What a learner keeps between calls can be seen: a cache keyed by the function that was passed."""
    session.run("more", """known = []
def met_before(f):
    known.append(f)
    return any(f is g for g in known[:-1])""")
    met_before, ours, other = session.get("met_before"), (lambda x: x), (lambda x: x)
    assert [met_before(f) for f in (ours, ours, other, ours, other)] == [False, True, False, True, True]
