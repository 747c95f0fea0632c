"""What crosses the wall comes out as it went in, and what is no value is refused in words."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from course.duel import Outcome
from grader.sandbox.changes import overwrite
from grader.sandbox.values import NUMPY_DTYPES, TORCH_DTYPES, Decoder, Encoder, ValueCodecError


def refuse(x):
    raise ValueCodecError(f"no reference to {x!r}")


def crossed(x):
    encoder = Encoder(refuse)
    node = encoder.encode(x)
    return Decoder(encoder.buffers, refuse).decode(node)


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda x: st.lists(x) | st.tuples(x, x) | st.dictionaries(st.text() | st.integers(), x)
    | st.frozensets(st.integers() | st.text()), max_leaves=30)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_plain_values_cross_unchanged(x):
    came = crossed(x)
    assert came == x and type(came) is type(x)


def test_special_floats():
    assert math.isnan(crossed(math.nan))
    assert crossed(-math.inf) == -math.inf
    assert math.copysign(1, crossed(-0.0)) == -1


@pytest.mark.parametrize("name", sorted(TORCH_DTYPES))
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3, 4)])
def test_every_tensor_dtype(name, shape):
    x = (torch.rand(shape) * 5 - 2).to(TORCH_DTYPES[name])
    came = crossed(x)
    assert came.dtype == x.dtype and came.shape == x.shape
    assert bytes(came.reshape(-1).view(torch.uint8).tolist() if x.numel() else b"") == bytes(
        x.reshape(-1).view(torch.uint8).tolist() if x.numel() else b"")


@pytest.mark.parametrize("view", [
    lambda x: x.T, lambda x: x[:, ::2], lambda x: x[1:, 1:], lambda x: x[:1].expand(5, 6), lambda x: x.flatten()[::3],
    lambda x: x[:, 2], lambda x: x.T[:1, 1], lambda x: x[:, 3:4][2:3], lambda x: x[2, 3], lambda x: x.T[:0],
])
def test_views_keep_their_values(view):
    x = view(torch.arange(30.0).reshape(5, 6))
    came = crossed(x)
    assert torch.equal(came, x)


def test_dense_views_stay_views():
    assert not crossed(torch.arange(30.0).reshape(5, 6).T).is_contiguous()


@pytest.mark.parametrize("name", sorted(NUMPY_DTYPES))
def test_every_numpy_dtype(name):
    x = np.arange(6).reshape(2, 3).astype(name)
    for array in (x, np.asfortranarray(x), x[:, ::2], x[0, 0], x[:0]):
        came = crossed(array)
        assert came.dtype == array.dtype and np.array_equal(came, array) and type(came) is type(array)


def test_subclasses_cross_as_what_they_extend():
    class AlwaysEqual(int):
        def __eq__(self, other):
            return True
        __hash__ = int.__hash__

    class Lazy(torch.Tensor):
        pass

    assert type(crossed(AlwaysEqual(3))) is int
    assert type(crossed(torch.ones(2).as_subclass(Lazy))) is torch.Tensor
    assert type(crossed(torch.nn.Parameter(torch.ones(2)))) is torch.Tensor


def test_dataclasses_of_the_course_cross_and_no_others():
    assert crossed(Outcome("fast", 1.5, 7)) == Outcome("fast", 1.5, 7)

    @dataclasses.dataclass
    class Foreign:
        x: int

    with pytest.raises(ValueCodecError):
        crossed(Foreign(1))


def test_depth_and_size_are_limited():
    deep = []
    for _ in range(100):
        deep = [deep]
    with pytest.raises(ValueCodecError, match="deeper"):
        crossed(deep)
    loop = []
    loop.append(loop)
    with pytest.raises(ValueCodecError):
        crossed(loop)


@pytest.mark.parametrize("node", [
    {"tensor": 0, "dtype": "float32", "shape": [1000000], "stride": None},
    {"tensor": 0, "dtype": "float32", "shape": [2**20, 2**20], "stride": [0, 0]},
    {"tensor": 7, "dtype": "float32", "shape": [1], "stride": None},
    {"tensor": 0, "dtype": "float32", "shape": [-1], "stride": None},
    {"tensor": 0, "dtype": "object", "shape": [1], "stride": None},
    {"array": 0, "dtype": "O", "shape": [1], "order": "C"},
    {"dataclass": "os:environ", "fields": {}},
    {"dataclass": "course.check:check", "fields": {}},
    {"dataclass": "course.duel:Outcome", "fields": {"nonsense": 1}},
    {"dict": [[["unhashable"], 1]]}, {"set": [[1]]}, {"int": "no"}, {"float": "no"}, {"range": "abc"}, {}, {"ref": 1},
])
def test_malformed_nodes_are_refused(node):
    with pytest.raises(ValueCodecError):
        Decoder([b"\0\0\0\0"], refuse).decode(node)


def test_a_list_of_tuples_that_was_sorted_is_seen_to_be():
    inner = torch.zeros(2)
    value = [("b", 2, inner), ("a", 1, torch.ones(1)), ("c", 3, None)]
    kept = value[2]
    overwrite(value, [("a", 1, torch.ones(1)), ("b", 2, torch.full((2,), 7.0)), ("c", 3, None)])
    assert [t[:2] for t in value] == [("a", 1), ("b", 2), ("c", 3)] and value[2] is kept
    shared = (inner, "x")
    value = [shared]
    overwrite(value, [(torch.full((2,), 5.0), "x")])
    assert value[0] is shared and torch.equal(inner, torch.full((2,), 5.0)), "what is in it changed in its place"


def test_overwrite_brings_an_in_place_change_over():
    t, a, inner = torch.zeros(2, 2).T, np.zeros(3), [1, 2]
    value = {"t": t, "list": [inner, a]}
    overwrite(value, {"t": torch.ones(2, 2), "list": [[1, 5, 6], np.ones(3)]})
    assert t.sum() == 4 and a.sum() == 3 and inner == [1, 5, 6]
    assert value["list"][0] is inner
