"""33-misconceptions: the reference against torch, every number of the prose recomputed, the experiment over several seeds."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from course.check import value_and_grad
from course.models.shapes import SHAPES
from course.models.sizes import GPUS, MODELS
from course.sections import misconceptions
from grader.claims import WORST, claims
from tests.reference import cells, reference

SECTION = "33-misconceptions"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(" ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#")).split())
REF = reference(SECTION)
torch.set_num_threads(1)


def random(*shape, seed=0, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- against torch ---------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("bits", [2, 4, 8])
def test_values_are_torch_s(bits):
    """Values everywhere; the gradient of x where torch's own, wider by half a step, does not differ."""
    x, s = random(5, 40, seed=bits) * 2 ** bits * 0.3, random(5, seed=bits + 9).abs() + 0.2
    low, high = -2 ** (bits - 1), 2 ** (bits - 1) - 1
    leaf = x.clone().requires_grad_()
    want = torch.fake_quantize_per_channel_affine(leaf, s, torch.zeros(5, dtype=torch.int32), 0, low, high)
    torch.testing.assert_close(REF["fake_quant"](x, s[:, None], bits), want.detach(), rtol=1e-5, atol=1e-5)
    want.sum().backward()
    _, (got,) = value_and_grad(REF["fake_quant"], x, s[:, None], bits)
    v = x / s[:, None]
    clear = ((v < low - 0.6) | (v > low + 0.1)) & ((v > high + 0.6) | (v < high - 0.1))
    assert clear.any() and torch.equal(got[clear], leaf.grad[clear])


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_the_scale_s_gradient_is_torch_s(bits):
    """Torch's learnable fake quantization: LSQ's rule, with the paper's own factor set to 1."""
    if not hasattr(torch, "_fake_quantize_learnable_per_tensor_affine"):
        pytest.skip("this torch has no learnable fake quantization")
    x, low, high = random(300, seed=bits) * 2 ** bits * 0.3, -2 ** (bits - 1), 2 ** (bits - 1) - 1
    v = x / 0.5
    x = x[((v < low - 0.6) | (v > low + 0.1)) & ((v > high + 0.6) | (v < high - 0.1))]
    scale, zero = torch.tensor([0.5], requires_grad=True), torch.zeros(1)
    torch._fake_quantize_learnable_per_tensor_affine(x, scale, zero, low, high, 1.0).sum().backward()
    _, (got,) = value_and_grad(REF["fake_quant"], x, torch.tensor([0.5]), bits, wrt=1)
    torch.testing.assert_close(got, scale.grad, rtol=1e-4, atol=1e-3)


def test_examples_of_the_first_part():
    torch.testing.assert_close(REF["fake_quant"](torch.tensor([0.9, -3.0]), torch.tensor(0.5), 2), torch.tensor([0.5, -1.0]))
    value, (of_x, of_s) = value_and_grad(REF["fake_quant"], torch.tensor(0.6), torch.tensor(0.5), 3, wrt=(0, 1))
    assert (value, of_x) == (0.5, 1) and float(of_s) == pytest.approx(-0.2, abs=1e-6)
    value, (of_x, of_s) = value_and_grad(REF["fake_quant"], torch.tensor(7.0), torch.tensor(0.5), 3, wrt=(0, 1))
    assert (value, of_x, of_s) == (1.5, 0, 3)
    w, loss = REF["qat_step"](torch.tensor([[0.75]]), torch.tensor(1.0), torch.tensor([[2.0]]), torch.zeros(1, 1), 4, 0.01)
    assert loss == 4 and float(w) == pytest.approx(0.67)
    assert 2 * (2 * 0.75 - 0) * 2 == 6
    says("With lr = 0.01 the latent weight is 0.67", "At the unrounded 0.75 the gradient would be 6")


# --- sizes -----------------------------------------------------------------------------------------------------------

def test_sizes_of_the_prose():
    llama = MODELS["Llama-3-8B"]
    kept = 2 * 128_256 * 4096
    assert kept / 1e9 == pytest.approx(1.05, abs=0.005) and llama.params / 1e9 == pytest.approx(8.03, abs=0.005)
    assert 2 * kept / 1e9 == pytest.approx(2.1, abs=0.05)
    assert REF["weight_bytes"](llama.params, 4, 128, kept) / 1e9 == pytest.approx(5.7, abs=0.01)
    assert 4 + 8 * 2 / 128 == 4.125
    says("4.125 bits", "1.05 of 8.03 billion, and in 16 bits 2.1 GB of 5.7 GB")
    assert REF["weight_bytes"](100, 4, 32, 20) == 86
    assert REF["request_slots"](llama, GPUS["H100 80 GB"], 16.06e9, 4000, 500) == 94
    assert REF["cache_per_token"](MODELS["Llama-3-70B"], 4) == 81_920
    assert 80e9 / 2 ** 30 == pytest.approx(74.5, abs=0.01)
    says("80 · 10⁹ bytes: 74.5 GiB")
    assert REF["cache_per_token"](MODELS["Mixtral-8x7B"]) == 131_072 and 2e6 / 131_072 == pytest.approx(16, abs=1)
    for model in MODELS.values():
        if not model.windowed:
            assert REF["cache_per_token"](model) * 1000 == model.cache_bytes(1000)


def test_the_mixture():
    assert 8 * (1 - 0.75 ** 8) == pytest.approx(7.2, abs=0.01)
    says("At batch 8 Mixtral reads 7.2 of its 8 experts")
    rng = np.random.default_rng(0)
    seen = [len({e for _ in range(8) for e in rng.choice(8, 2, replace=False)}) for _ in range(4000)]
    assert np.mean(seen) == pytest.approx(8 * (1 - 0.75 ** 8), abs=0.05)
    dense, expert, n, k = misconceptions.MIXTRAL
    assert dense + n * expert == MODELS["Mixtral-8x7B"].params and dense + k * expert == 12_879_925_248

    def ms(moe, batch, tokens=2000):
        return REF["step_seconds"](batch, tokens, moe, 2, 131_072, 6.7e12, 1978e12)[0]
    small, large = (dense + k * expert, 0, 0, 0), (dense + n * expert, 0, 0, 0)
    assert ms(misconceptions.MIXTRAL, 1) == pytest.approx(ms(small, 1))
    assert ms(misconceptions.MIXTRAL, 12) > 0.95 * ms(large, 12) and ms(misconceptions.MIXTRAL, 4) < 0.75 * ms(large, 4)


# --- claims ----------------------------------------------------------------------------------------------------------

def test_the_claims_counted():
    found = claims()
    assert 475 < len(found) < 525 and len({c.section for c in found}) == 33 and len(WORST) == 50
    says("The course checked about 500 claims of the guide in its 33 sections", "lists the 50 worst")


def test_the_twenty():
    guide = misconceptions.guide()
    assert len(guide) == 20 and set(guide) <= set(WORST)
    for claim, case in guide.items():
        assert f"| {claim} |" in SOURCE or f"| {claim} ≤ |" in SOURCE
        assert not REF["settle"](claim, case)[1], f"{claim} holds"
    says("None of the twenty holds there")
    assert REF["settle"]("S14.12", {"says": 8, "heads": 8})[1] and REF["settle"]("S4.4", {**guide["S4.4"], "says": 48})[1]
    assert REF["settle"]("S15.6", {**guide["S15.6"], "loss": 0})[1]
    says("8 heads in S14.12, a card of 48 GB in S4.4, errors that cost nothing in S15.6")


def test_the_sections_say_the_same():
    """The verdict, and the number, of the page of the section that owns the claim."""
    pages = {c.id: c for c in claims() if c.section != SECTION}
    numbers = {"S14.1": "O(n) for attention", "S14.12": "64 for 64 heads", "S14.7": "divides", "S10.2": "2 + 2 + 4 + 8 = 16",
               "S10.6": "1 and 2 send what DDP sends", "S4.4": "39.5 GB", "S23.16": "5.70 GB", "SU1.9": "3.36", "S16.13": "140,620,634,112",
               "S17.10": "8 for N = 8", "S18.10": "3.07 GB", "S18.19": "0.97 s", "S19.2": "1 1 0 0 → 1.0", "S15.6": "57.12",
               "S27.12": "12.1 %", "S28.11": "13 of 36"}
    for claim in misconceptions.guide():
        assert pages[claim].verdict in ("wrong", "other"), f"{claim}: {pages[claim].verdict}"
        assert numbers.get(claim, "") in pages[claim].correct, f"{claim}: {pages[claim].correct}"
    assert "1.79" in pages["S18.10"].correct
    says("a million vectors are 1.79 GB")


def test_the_numbers_of_the_claims_pages():
    """What the sections' pages say of the same claims."""
    right = {claim: REF["settle"](claim, case)[0] for claim, case in misconceptions.guide().items()}
    assert right["S14.2"] == 42_949_672_960 and right["S23.16"] == pytest.approx(5.70, abs=0.005)
    assert right["S4.4"] == pytest.approx(39.5, abs=0.05) and right["SU1.9"] == pytest.approx(3.36, abs=0.005)
    assert right["S18.10"] == pytest.approx(3.07, abs=0.005) and right["S18.19"] == pytest.approx(968, abs=15)
    assert right["S15.6"] == pytest.approx(57.12, abs=0.005) and right["S27.12"] == pytest.approx(0.03)
    assert right["S14.12"] == 64 and right["S14.7"] == 2000 and right["S10.2"] == right["S10.6"] == right["SU2.2"] == right["S19.2"] == 1
    assert right["S16.13"] == 140_620_634_112 and right["S17.10"] == 8 and right["S28.11"] == 13 / 14
    big = SHAPES["Mixtral-8x22B"]
    assert misconceptions.guide()["S16.13"]["expert"] == 3 * big.width * big.expert_hidden * big.layers


# --- the service -----------------------------------------------------------------------------------------------------

def plan(bits, gpus, kv_size=1.0, **load):
    return REF["design_service"](misconceptions.service(bits, gpus, kv_size, **load))


def test_the_written_question():
    model = MODELS["Llama-3-70B"]
    assert model.params * 2 / 1e9 == pytest.approx(141, abs=0.2)
    assert REF["weight_bytes"](model.params, 4, 128, 2_101_346_304) / 1e9 == pytest.approx(39.5, abs=0.05)
    assert REF["weight_bytes"](model.params, 8, None, 2_101_346_304) / 1e9 == pytest.approx(72.7, abs=0.05)
    assert REF["weight_bytes"](model.params, 4, 128, 0) / 1e9 > 36  # without what is kept
    says("72.7 GB in FP8, 39.5 GB at 4 bits")
    assert REF["cache_per_token"](model) == 327_680 and 327_680 * 2300 / 1e9 == pytest.approx(0.75, abs=0.005)
    one, two = plan(4, 1), plan(4, 2)
    assert (one["slots"], one["batch"], one["replicas"]) == (86, 86, 23) and one["cost"] == pytest.approx(8.87, abs=0.005)
    assert one["prefill"] == pytest.approx(0.71, abs=0.005) and one["step"] == pytest.approx(0.024, abs=5e-4)
    assert (two["batch"], two["replicas"]) == (276, 12) and two["cost"] == pytest.approx(9.26, abs=0.005)
    assert two["prefill"] == pytest.approx(0.36, abs=0.005) and two["step"] == pytest.approx(0.023, abs=5e-4)
    assert plan(16, 1) is None and plan(8, 1) is None
    assert plan(16, 2, 2)["slots"] == 3 and plan(16, 2, 1)["slots"] == 7
    assert 0.3 * one["cost"] == pytest.approx(2.66, abs=0.005)
    for p in (one, two):
        assert p["prefill"] * p["rate"] == pytest.approx(0.9, abs=0.04) and p["step"] + p["batch"] / 300 * p["prefill"] > 0.22
    fast = plan(8, 2, flops=1979e12)
    assert (fast["batch"], fast["replicas"]) == (188, 7) and fast["cost"] == pytest.approx(5.40, abs=0.005)
    assert fast["prefill"] == pytest.approx(0.178, abs=5e-4) and fast["step"] == pytest.approx(0.024, abs=5e-4)
    assert 24 + 188 / 300 * 178 == pytest.approx(135, abs=1) and 0.3 * fast["cost"] == pytest.approx(1.62, abs=0.005)
    says("prefill 0.18 s, batch 188, 7 replicas, 14 GPUs, 5.40 dollars", "188/300 · 178 = 135 ms", "it would seem 1.62")
    cheapest = min((p["cost"], bits, gpus) for bits in (4, 8, 16) for gpus in (1, 2, 4, 8) if (p := plan(bits, gpus)))
    assert cheapest[1:] == (4, 1)


def test_the_example_of_the_hints():
    rate = 1 / (0.1 + 200 * 0.02 / 20)
    assert rate == pytest.approx(3.33, abs=0.005) and 10 / (rate * 0.75) == pytest.approx(4)
    assert 5 * 4 * 2 / (5 * 200 * 3600) * 1e6 == pytest.approx(11.11, abs=0.005)
    assert math.isclose(5 * 200 * 3600, 3.6e6)


def test_a_replica_that_prefills_between_steps():
    """By simulation: the prefills that fall between two steps, and the requests a second."""
    prefill, answer, step, batch = 0.08, 30, 0.02, 12
    left, clock, done, tokens = [answer * (i + 1) // batch for i in range(batch)], 0.0, 0, 0
    for _ in range(3000):
        clock, tokens, left = clock + step, tokens + 1, [n - 1 for n in left]
        clock, done = clock + prefill * left.count(0), done + left.count(0)
        left = [n or answer for n in left]
    assert clock / tokens == pytest.approx(step + batch / answer * prefill, rel=1e-3)
    assert done / clock == pytest.approx(1 / (prefill + answer * step / batch), rel=1e-3)


def test_the_frontier():
    """Prefill is nine tenths of a request's time, so twice the FLOP/s saves more than fewer bits do."""
    for gpus in (2, 4, 8):
        four, eight, fast = plan(4, gpus), plan(8, gpus), plan(8, gpus, flops=1979e12)
        assert four["cost"] == eight["cost"] > fast["cost"] * 1.3 and eight["prefill"] * eight["rate"] == pytest.approx(0.92, abs=0.02)


def test_setup_s_service():
    found = REF["design_service"](REF["SPEC"])
    assert (found["batch"], found["replicas"]) == (185, 5) and found["prefill"] == pytest.approx(0.081, abs=5e-4)
    mixed = found["step"], found["batch"] / 300 * found["prefill"]
    assert [round(1e3 * v) for v in (*mixed, sum(mixed))] == [23, 50, 73]
    says("23 + 50 = 73 ms where 30 were promised")
    at = REF["design_service"]({**REF["SPEC"], "tpot": 0.015})
    assert at["batch"] == 85 and at["step"] <= 0.015


# --- experiment ------------------------------------------------------------------------------------------------------

def experiment():
    space = dict(REF)
    exec(cells(SECTION, "experiment")[0].split("table =")[0], space)
    return space["searched_scale"], space["train"]


@pytest.mark.parametrize("seed", range(4))
def test_the_prediction(seed):
    """With gaps that the rounding of another processor does not close: a weight near a border flips sooner or later there."""
    found = misconceptions.four_ways(*experiment(), REF["fake_quant"], seed)
    order = sorted((name for name in found if "," in name), key=lambda n: found[n]["error"])
    assert order == ["QAT, searched", "PTQ, searched", "QAT, largest", "PTQ, largest"]
    best, better, worse, worst = (found[name]["error"] for name in order)
    assert best + 0.001 < better and better + 0.01 < worse and worse + 0.003 < worst
    assert found["PTQ, largest"]["zeros"] > 0.7 > 0.6 > found["PTQ, searched"]["zeros"]
