"""24-diffusion-lm: the reference against LLaDA's formulas and exact enumeration, every number of the prose recomputed, the experiment."""

import math
from itertools import combinations
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from course.models.markov import Markov
from course.sections import diffusion_lm
from tests.executed import experiment
from tests.reference import cells, reference

SECTION = "24-diffusion-lm"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#"))
REF = reference(SECTION)
CHAIN, LLAMA, H100 = REF["CHAIN"], REF["LLAMA_3_8B"], REF["H100"]
torch.set_num_threads(1)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


def all_texts(V, L):
    return torch.cartesian_prod(*[torch.arange(V)] * L).view(-1, L)


# --- the chain -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
def test_the_chain_is_exact(seed):
    """Conditionals and likelihoods against all 256 texts of 4 tokens."""
    chain = Markov.two_successors(4, first=0.7, seed=seed, leak=1e-3)
    every = all_texts(4, 4)
    p = (-chain.nll(every)).exp()
    assert p.sum().item() == pytest.approx(1)
    for hidden in [(0,), (1, 2), (0, 3), (0, 1, 2, 3), (2, 3)]:
        x = chain.sample(1, 4, seed=seed)
        masked = x.clone()
        masked[0, list(hidden)] = chain.mask_id
        fits = ((every == x) | (masked == chain.mask_id)).all(1)
        for i in hidden:
            want = torch.stack([p[fits & (every[:, i] == v)].sum() for v in range(4)]) / p[fits].sum()
            torch.testing.assert_close(chain(masked)[0, i].exp(), want)


def test_the_chain_is_uniform_in_the_long_run():
    for seed in range(4):
        P = Markov.two_successors(8, seed=seed).P
        torch.testing.assert_close(P.sum(0), torch.ones(8).double())
        torch.testing.assert_close(P.sum(1), torch.ones(8).double())
        assert sorted(P[0].topk(2).values.tolist()) == pytest.approx([0.2, 0.8], abs=1e-5) and not Markov.two_successors(8, seed=seed).possible().diag().any()
    says("each has a likely successor (0.8) and another (0.2)")


# --- masks and loss --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(3))
def test_mask_and_loss_are_llada_s(seed):
    """The formulas of GUIDELINES.md: p_mask, and token losses over p_mask and over the answer's length."""
    g = torch.Generator().manual_seed(seed)
    B, L, V = 5, 9, 7
    x0, t, u = torch.randint(V, (B, L), generator=g), torch.rand(B, generator=g), torch.rand(B, L, generator=g)
    prompt_len, logits = torch.randint(L, (B,), generator=g), torch.randn(B, L, V, generator=g)
    xt, m = REF["forward_mask"](x0, t, u, prompt_len, V)
    p_mask = ((1 - 1e-3) * t + 1e-3)[:, None].repeat(1, L)
    noisy = torch.where(u < p_mask, V, x0)
    prompt = torch.arange(L).expand(B, L) < prompt_len[:, None]
    noisy[prompt] = x0[prompt]
    assert torch.equal(xt, noisy) and torch.equal(m, noisy == V)
    lengths = (~prompt).sum(-1, keepdim=True).repeat(1, L)
    token_loss = F.cross_entropy(logits[m], x0[m], reduction="none") / p_mask[m]
    torch.testing.assert_close(REF["mdm_loss"](logits, x0, m, t, prompt_len), (token_loss / lengths[m]).sum() / B)


def test_the_bound_is_tight_for_exact_conditionals():
    """By enumeration of all masks: E over t of (1/t) · sum is the NLL; so is A/l; the number of masks gives A/(A+1)."""
    chain, A = Markov.two_successors(5, seed=1), 6
    x = chain.sample(1, A, seed=2)
    by_l = []
    for l in range(1, A + 1):
        values = []
        for hidden in combinations(range(A), l):
            masked = x.clone()
            masked[0, list(hidden)] = chain.mask_id
            values.append(-chain(masked)[0, list(hidden), x[0, list(hidden)]].sum().item())
        by_l.append(A / l * sum(values) / len(values))
    true = chain.nll(x).item()
    assert sum(by_l) / A == pytest.approx(true)
    # given t ~ U, P(l masks) = 1 / (A + 1) for every l = 0 … A, and E[1/t · 1{l masks}] = 1 / l
    for l in range(1, A + 1):
        t = (torch.arange(20000) + 0.5) / 20000
        prob = math.comb(A, l) * t ** l * (1 - t) ** (A - l)
        assert prob.mean().item() == pytest.approx(1 / (A + 1), rel=1e-4) and (prob / t).mean().item() == pytest.approx(1 / l, rel=1e-3)
    exact, found = diffusion_lm.weighed(REF["mdm_loss"], CHAIN)
    assert exact == pytest.approx(15.93, abs=0.01)
    assert abs(found["your loss"][0] - exact) < 2 * found["your loss"][1] and found["without 1/t"][0] + found["without 1/t"][1] < exact - 2
    assert abs(found["by the number of masks"][0] - exact * 32 / 33) < 2 * found["by the number of masks"][1]
    assert found["without 1/t"][0] == pytest.approx(12.7, abs=0.1)
    says("A/(A + 1) of the bound", "it is 32/33 of the bound", "masked 4,000 times")


def test_the_guides_loops():
    probs = torch.full((1, 3, 2), 0.5)
    with pytest.raises(TypeError):
        assert probs.max(dim=-1) < 0.5
    with pytest.raises(TypeError):
        assert probs.max(dim=-1) > 0.9
    x, rounds = torch.full((1, 4), 9), 0
    for _ in range(10):  # "replace masks with predictions"
        rounds += int((x == 9).any())
        x = torch.where(x == 9, 1, x)
    assert rounds == 1
    assert [round(0.9 - k / 10 * 0.3, 2) for k in (0, 9)] == [0.9, 0.63]  # never 0: masks may stay


# --- steps -----------------------------------------------------------------------------------------------------------

def llada_generate(model, prompt, steps, gen_length, block_length, cfg_scale, mask_id):
    """The loop of LLaDA's generate.py, at temperature 0, one row, written down from its description."""
    x = torch.cat([prompt, torch.full((1, gen_length), mask_id)], dim=1)
    P, blocks = prompt.shape[1], gen_length // block_length
    for b in range(blocks):
        inside = x[:, P + b * block_length:P + (b + 1) * block_length] == mask_id
        base, rest = divmod(int(inside.sum()), steps // blocks)
        for i in range(steps // blocks):
            still = x == mask_id
            logits = model(x)
            if cfg_scale > 0:
                bare = x.clone()
                bare[:, :P] = mask_id
                free = model(bare)
                logits = free + (cfg_scale + 1) * (logits - free)
            x0 = logits.argmax(-1)
            sure = logits.double().softmax(-1).gather(-1, x0[..., None])[..., 0]
            sure[:, P + (b + 1) * block_length:] = -math.inf
            sure = torch.where(still, sure, -math.inf)
            pick = sure[0].topk(base + (i < rest)).indices
            x[0, pick] = x0[0, pick]
    return x


@pytest.mark.parametrize("steps, block, w", [(12, 12, 0.0), (4, 12, 0.0), (6, 4, 0.0), (12, 3, 1.5), (5, 12, 0.5), (3, 4, 2.0)])
def test_generate_is_llada_s(steps, block, w):
    for seed in range(3):
        g = torch.Generator().manual_seed(seed)
        table, place = torch.randn(8, 7, generator=g), torch.randn(17, 17, generator=g)

        def model(x):
            return torch.einsum("ij,bjv->biv", place, table[x])
        prompt = torch.randint(7, (1, 5), generator=g)
        x = torch.cat([prompt, torch.full((1, 12), 7)], dim=1)
        assert torch.equal(REF["generate"](model, x, 5, steps, block, 7, w), llada_generate(model, prompt, steps, 12, block, w, 7))


def test_num_transfer():
    assert REF["num_transfer"](torch.tensor([10, 11]), 4).tolist() == [[3, 3, 2, 2], [3, 3, 3, 2]]
    says("10 tokens in 4 steps are [3, 3, 2, 2]", "10 in 4: 3, 3, 2, 2")


def test_gumbel_noise_samples_the_softmax():
    logits, T = torch.tensor([1.0, 0.0, -1.0, 2.0]), 0.7
    noise = diffusion_lm.gumbel((1, 20000, 4), torch.Generator().manual_seed(0))
    x, _ = REF["unmask_step"](logits.expand(1, 20000, 4), torch.zeros(1, 20000).long(), torch.ones(1, 20000).bool(), torch.tensor([20000]), None, T, noise)
    share = torch.bincount(x[0], minlength=4) / 20000
    torch.testing.assert_close(share, (logits / T).softmax(-1), rtol=0, atol=0.015)


def test_float32_cannot_rank():
    sure = torch.tensor([[18.5, 0.0], [27.7, 0.0]])  # 1 - 1e-8 and 1 - 1e-12
    assert sure.softmax(-1)[0, 0] == sure.softmax(-1)[1, 0] and sure.double().softmax(-1)[0, 0] < sure.double().softmax(-1)[1, 0]
    says("1 − 10⁻⁸ and of 1 − 10⁻¹²")


# --- likelihood, guidance --------------------------------------------------------------------------------------------

def test_estimates():
    for seed in range(5):
        x = CHAIN.sample(1, 12, seed=seed)
        value, error = REF["cond_nll_mc"](CHAIN, x[0], 0, 8, 800, seed, 400)
        assert abs(value - CHAIN.nll(x).item()) < 5 * error
    by_t, by_l = diffusion_lm.spreads(REF["cond_nll_mc"], CHAIN)
    mean = CHAIN.nll(CHAIN.sample(10, 32, seed=5)).mean().item()
    assert 0.85 < sum(by_l) / sum(by_t) < 1 and sum(by_l) / 10 > mean
    says("the advantage of the second form is small", "off by more than the value itself")


def test_guidance():
    plain, one, two = (diffusion_lm.prompted(REF["cfg_logits"], CHAIN, w) for w in (0.0, 1.0, 2.0))
    assert plain[0].max().item() == pytest.approx(0.8, abs=1e-4)
    assert two[0].sort().values[-2].item() == pytest.approx(0.2 ** 3 / (0.8 ** 3 + 0.2 ** 3), abs=1e-3) and two[0].sort().values[-2] < 0.02
    reach = [[0.5 * (row - 1 / 8).abs().sum().item() for row in p] for p in (plain, one, two)]
    assert all(a < b < c for a, b, c in zip(*reach)) and all(r == sorted(r, reverse=True) for r in reach)
    says("at w = 2 the 0.2-successor is all but gone", "The further from the prompt, the less there is to enlarge")


# --- costs -----------------------------------------------------------------------------------------------------------

def test_costs():
    passes = REF["forward_passes"]
    assert sum(passes(512, 128, "ar")) == 639 and sum(passes(512, 128, "full", 128, 32)) == 128 * 640 == 81_920
    assert round(81_920 / 639) == 128
    one, many = (diffusion_lm.seconds(passes, REF["roofline_seconds"], LLAMA, H100, batch) for batch in (1, 64))
    ratio = {k: v / one["AR, cached"] for k, v in one.items()}
    assert round(ratio["full, 128 steps"], 1) == 2.2 and ratio["full, 32 steps"] < 1
    ratio = {k: v / many["AR, cached"] for k, v in many.items()}
    assert [round(ratio[k]) for k in ("full, 128 steps", "prefix, 128 steps", "dual, 128 steps")] == [75, 11, 6]
    assert round(H100["flops"] / H100["bandwidth"]) == 295 and [round(x["AR, cached"], 2) for x in (one, many)] == [0.62, 1.14]
    says("they are equal at 295 tokens", "answers take 1.14 s instead of 0.62", "takes 2.2 times as long", "with 4 tokens a step it is *faster*", "by a factor of 75", "bring that to 6 to 11 times", "sends 128 times the tokens", "128 × 640 tokens against 639")


def test_the_written_question():
    seconds, passes = REF["roofline_seconds"], REF["forward_passes"]
    times = [seconds(passes(512, 32, *way), LLAMA, **H100) for way in (("full", 32), ("full", 8), ("ar",))]
    assert [round(t, 2) for t in times] == [0.28, 0.07, 0.16]
    assert round(1e3 * seconds([544], LLAMA, **H100), 1) == 8.8 and round(1e3 * seconds([512], LLAMA, **H100), 1) == 8.3
    assert round(1e3 * seconds([1], LLAMA, **H100), 1) == 4.8
    says("32 passes 0.28 s, 8 passes 0.07 s, AR 0.16 s", "544 tokens, 8.8 ms", "8.3 ms for the prompt and 31 · 4.8 ms, 0.16 s")


def test_infilling():
    for seed in range(5):
        both, left = diffusion_lm.filled(REF["generate"], CHAIN, 50, seed)
        bad = [diffusion_lm.broken(CHAIN, x).any(1).double().mean().item() for x in (both, left)]
        assert bad[0] == 0 and 0.5 < bad[1] < 1
    says("so it misses it, except by luck")


# --- the paper -------------------------------------------------------------------------------------------------------

def test_tables_of_the_paper():
    """Tables 1, 2 and 4 of arXiv 2502.09992, as the course prints them; the guide's signs."""
    ours = {"MMLU": (65.9, 65.4), "GSM8K": (70.3, 48.7), "HumanEval": (35.4, 34.8), "CMMLU": (69.9, 50.7)}
    guide = {"MMLU": (58.3, 66.0), "GSM8K": (45.2, 50.0), "HumanEval": (28.6, 33.5), "CMMLU": (62.1, 55.3)}
    assert sum((a > b) != (c > d) for (a, b), (c, d) in zip(ours.values(), guide.values())) == 3
    for name, (a, b) in ours.items():
        line = next(line for line in SOURCE.splitlines() if line.startswith(f"# | {name} "))
        assert f"| {a} | {b} |" in line
    says("82.7 | 34.3", "75.9 | 38.0", "51.8 | 45.6", "not one of them is the paper's, and three point the other way")
    assert not {x for pair in guide.values() for x in pair} & {x for pair in ours.values() for x in pair}


# --- the experiment --------------------------------------------------------------------------------------------------

def order_at_4(found):
    return sorted(found, key=lambda name: found[name][4][0])


def test_the_prediction_holds():
    """On five chains: the order at 4 steps, the change at 16, and what confidence makes of the language at 32."""
    source, = cells(SECTION, "experiment")
    names = dict(REF)
    exec(source.split("table =")[0], names)
    for seed in range(1, 5):
        found = diffusion_lm.tables(names["texts"], seed)
        assert order_at_4(found) == ["random", "confidence", "left to right"], found
        assert found["confidence"][16][0] < found["random"][16][0]
        assert all(row[32][0] < 0.001 for row in found.values())
        assert found["confidence"][32][1] > 0.97 and abs(found["random"][32][1] - 0.8) < 0.04


def test_the_experiment_shows_it():
    assert order_at_4(experiment(SECTION)["table"]) == REF["prediction"]
