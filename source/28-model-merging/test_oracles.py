"""28-model-merging: the reference against peft, every number of the prose recomputed, the experiment over several seeds."""

import importlib.util
import math
from pathlib import Path

import pytest
import torch

from course.sections import model_merging
from tests.reference import cells, reference

SECTION = "28-model-merging"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
torch.set_num_threads(1)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- against peft ----------------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def peft_merge():
    """The one file of peft that merges, without the import of all of peft."""
    found = importlib.util.find_spec("peft")
    if found is None:
        pytest.skip("peft is not installed")
    spec = importlib.util.spec_from_file_location("merge_utils", Path(found.origin).parent / "utils" / "merge_utils.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", range(4))
def test_sum_is_peft_s(peft_merge, seed):
    base, experts = random(6, 7, seed=seed), [random(6, 7, seed=seed + 10 * i) for i in (1, 2, 3)]
    want = base + peft_merge.task_arithmetic([e - base for e in experts], torch.tensor([0.5, -1.0, 2.0]))
    got = REF["task_arithmetic"]({"w": base}, [{"w": e} for e in experts], [0.5, -1.0, 2.0])["w"]
    torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9])
def test_ties_is_peft_s(peft_merge, keep):
    """One tensor, no equal values: the ranking within a tensor is the global one, and no sum is 0 but where nobody votes."""
    experts = [random(9, 11, seed=i) for i in range(5)]
    want = 0.7 * peft_merge.ties(experts, torch.ones(5), keep)
    got = REF["merge"]({"w": torch.zeros(9, 11)}, [{"w": e} for e in experts], {"method": "ties", "keep": keep, "lam": 0.7})["w"]
    torch.testing.assert_close(got, want, rtol=1e-5, atol=1e-6)
    pruned = peft_merge.prune(experts[0], keep, method="magnitude")
    assert torch.equal(REF["trim"]({"w": experts[0]}, keep)["w"], pruned)


def test_dare_is_peft_s_in_the_mean(peft_merge):
    tau = random(40, 50)
    ours, theirs = (torch.stack(rows).var(0).mean() for rows in (
        [REF["dare"]({"w": tau}, 0.7, seed)["w"] for seed in range(60)],
        [peft_merge.prune(tau, 0.3, method="random", rescale=True) for _ in range(60)]))
    assert ours / theirs == pytest.approx(1, rel=0.03)
    assert ours / (tau ** 2).mean() == pytest.approx(0.7 / 0.3, rel=0.03)


def test_merge_lora_is_the_best_of_its_rank():
    adapters = [(random(3, 12, seed=i), random(9, 3, seed=i + 5), 6.0) for i in range(3)]
    whole = sum(2.0 * B @ A for A, B, _ in adapters)
    for r in range(1, 12):
        A, B = REF["merge_lora"](adapters, [1.0] * 3, r)
        assert (B @ A - whole).norm() == pytest.approx(torch.linalg.svdvals(whole)[r:].norm().item(), abs=1e-3)


@pytest.mark.parametrize("degrees", [20, 90, 150])
def test_slerp_on_a_circle(degrees):
    w = math.radians(degrees)
    for t in (0.0, 0.2, 0.5, 1.0):
        got = REF["slerp"](torch.tensor([1.0, 0.0]), torch.tensor([math.cos(w), math.sin(w)]), t)
        torch.testing.assert_close(got, torch.tensor([math.cos(t * w), math.sin(t * w)]), rtol=1e-5, atol=1e-5)


# --- numbers of the prose --------------------------------------------------------------------------------------------

def test_mass_not_heads():
    assert REF["elect_sign"](torch.tensor([[0.1], [0.1], [-0.5]])).item() == -1
    says("Of +0.1, +0.1 and −0.5 two are positive, and the sign elected is minus")


def test_disjoint_moves():
    taus = torch.diag(torch.tensor([1.0, 2.0, 3.0]))
    assert REF["disjoint_merge"](taus, torch.ones(3)).tolist() == [1, 2, 3]
    assert [round(x, 2) for x in taus.mean(0).tolist()] == [0.33, 0.67, 1.0]
    says("(0.33, 0.67, 1)")


@pytest.mark.parametrize("p, want", [(0.5, 1.0), (0.9, 3.0), (0.99, 9.95)])
def test_noise_of_dare(p, want):
    assert (p / (1 - p)) ** 0.5 == pytest.approx(want, abs=0.005)
    assert model_merging.noise(REF["dare"], p) == pytest.approx(want, rel=0.06)
    says("once at p = 0.5, three times at 0.9, ten times at 0.99")


def test_dropping_one_expert():
    """The prose below the picture of part 3, and the seven of the experiment."""
    base, head, experts = model_merging.family(0)
    tau = {k: experts[0][k] - base[k] for k in base}

    def right(p, rescale=True):
        drops = (REF["dare"](tau, p, seed, rescale) for seed in range(3))
        return sum(model_merging.rights({k: base[k] + d[k] for k in base}, head)[0] for d in drops) / 3
    start, whole = (model_merging.rights(w, head)[0] for w in (base, experts[0]))
    assert right(0.9) > start + 0.75 * (whole - start) > right(0.9, False)
    assert right(0.99) < start - 0.01 and abs(right(0.99, False) - start) < 0.01
    assert math.sqrt(0.98 / 0.02) == pytest.approx(7)


def test_dare_hint():
    assert 0.2 * 15 ** 2 - 3 ** 2 == pytest.approx(36) and 9 * 0.8 / 0.2 == pytest.approx(36)


def test_collisions():
    a, b = (REF["dare"]({"w": torch.ones(200, 200)}, 0.7, seed)["w"] != 0 for seed in (1, 2))
    assert (a & b).double().mean().item() == pytest.approx(0.3 ** 2, abs=0.01)


def test_slerp_hint_and_picture():
    got = REF["slerp"](torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0]), 1 / 3)
    assert [round(x, 3) for x in got.tolist()] == [1.732, 1.0]
    assert math.hypot(4 / 3, 2 / 3) == pytest.approx(1.49, abs=0.005)
    assert (0.5 * torch.tensor([1.0, 0.0]) + 0.5 * torch.tensor([-0.5, 3 ** 0.5 / 2])).norm() == pytest.approx(0.5, abs=1e-6)


def test_fisher_hint():
    assert (3 * 1 + 1 * 5) / 4 == 2
    assert (3 ** 0.5 * 1 + 5) / (3 ** 0.5 + 1) == pytest.approx(2.46, abs=0.005)


def test_factors_are_not_products():
    pairs = [(random(2, 6, seed=i), random(5, 2, seed=i + 5), 2.0) for i in range(2)]
    wrong = (pairs[0][1] + pairs[1][1]) @ (pairs[0][0] + pairs[1][0])
    cross = pairs[0][1] @ pairs[1][0] + pairs[1][1] @ pairs[0][0]
    large = [(random(4, 48, seed=i), random(32, 4, seed=i + 5)) for i in range(2)]
    crossing = large[0][1] @ large[1][0] + large[1][1] @ large[0][0]
    assert crossing.norm() / sum(B @ A for A, B in large).norm() == pytest.approx(1, abs=0.15)
    A, B = REF["merge_lora"](pairs, [1.0, 1.0], 4)
    torch.testing.assert_close(wrong - cross, B @ A, rtol=1e-4, atol=1e-4)


def test_question():
    assert 7e9 * 2 / 1e9 == 14 and 3 * 14 == 42 and 4 * 14 == 56
    assert math.sqrt(0.9 / 0.1) == pytest.approx(3)
    says("42 GB to 14 GB", "56 GB to 14 GB")


# --- digits ----------------------------------------------------------------------------------------------------------

def test_two_bases():
    """From one base the line stays level, from two starts it dips; the average of five strangers is worse than each."""
    one, two = (model_merging.along(REF["task_arithmetic"], own) for own in (False, True))
    assert abs(one[5] - one[0]) < 0.01 and two[5] < min(two[0], two[-1]) - 0.05 and min(two[0], two[-1]) > max(one[0], one[-1]) - 0.01
    base, head, strangers = model_merging.family(0, True)
    average = {k: sum(e[k] for e in strangers) / 5 for k in base}
    assert model_merging.mean(average, head) < min(model_merging.mean(e, head) for e in strangers)


def test_what_the_top_fifth_keeps():
    base, head, experts = model_merging.family(0)
    tau = {k: experts[0][k] - base[k] for k in base}
    kept = REF["trim"](tau, 0.2)
    share = sum((t ** 2).sum() for t in kept.values()) / sum((t ** 2).sum() for t in tau.values())
    right = model_merging.rights({k: base[k] + kept[k] for k in base}, head)[0]
    start, whole = (model_merging.rights(w, head)[0] for w in (base, experts[0]))
    assert share < 0.9 and right > start + 0.7 * (whole - start)


def test_trimming_lowers_the_conflicts():
    found = [model_merging.conflicts(REF["trim"], keep) for keep in (0.05, 0.2, 1.0)]
    assert found[0][-1] < found[1][-1] < found[2][-1] and found[0][0] > found[1][0] > found[2][0]


def recipes():
    space: dict = {}
    exec(cells(SECTION, "experiment")[0].split("table =")[0], space)
    return space["recipes"]


@pytest.mark.parametrize("seed", range(3))
def test_the_prediction(seed):
    found = model_merging.untuned({k: r for k, r in recipes().items() if k != "TIES"}, REF["merge"], seed)
    assert sorted(found, key=lambda name: -found[name]) == ["average", "the best expert", "sum", "DARE and sum"]
    base, head, experts = model_merging.family(seed)
    each = [model_merging.rights(e, head) for e in experts]
    average = model_merging.rights(REF["merge"](base, list(experts), recipes()["average"]), head)
    assert all(each[i][i] == max(e[i] for e in each) and average[i] < each[i][i] for i in range(5))


def test_the_tops_of_the_curves():
    """On the seed that the notebook shows the tuned sum and tuned TIES lie within 0.02, and both above the best expert."""
    base, head, experts = model_merging.family(0)
    top = {name: max(model_merging.mean(REF["merge"](base, list(experts), recipes()[name] | {"lam": lam}), head)
                     for lam in (0.2, 0.3, 0.5, 1.0)) for name in ("sum", "TIES")}
    assert abs(top["sum"] - top["TIES"]) < 0.02 and min(top.values()) > max(model_merging.mean(e, head) for e in experts)
