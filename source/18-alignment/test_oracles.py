"""18-alignment: the reference against scipy and TRL's formulas, every number of the prose recomputed, the experiment over seeds."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.signal import lfilter

from course.data.counting import END, counting, partial_reward, strict_reward
from course.models.policy import rollout
from course.sections import alignment
from tests.executed import experiment
from tests.reference import reference

SECTION = "18-alignment"
SOURCE = Path(__file__).with_name(f"{SECTION}.py").read_text(encoding="utf-8")
PROSE = " ".join(" ".join(line[1:].strip() for line in SOURCE.splitlines() if line.startswith("#")).split())
REF = reference(SECTION)
torch.set_num_threads(1)


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def says(*texts):
    for text in texts:
        assert text in PROSE, f"the prose does not say {text!r}"


# --- libraries -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("gamma, lam", [(1.0, 0.95), (0.9, 0.5), (0.99, 1.0)])
def test_gae_is_a_filter(gamma, lam):
    rewards, values = random(4, 30), random(4, 31, seed=1)
    delta = (rewards + gamma * values[:, 1:] - values[:, :-1]).numpy()
    want = lfilter([1], [1, -gamma * lam], delta[:, ::-1], axis=1)[:, ::-1]
    got, returns = REF["gae"](rewards, values, torch.zeros(4, 30, dtype=torch.bool), gamma, lam)
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)
    if lam == 1.0:  # the return to the end, then the last value
        total = sum(gamma ** k * rewards[:, k] for k in range(30)) + gamma ** 30 * values[:, 30]
        torch.testing.assert_close(returns[:, 0], total)


def trl_nanstd(x, dim):
    "As in trl 1.16.0, trainer/utils.py."
    variance = torch.nanmean((x - torch.nanmean(x, dim=dim, keepdim=True)) ** 2, dim=dim, keepdim=True)
    count = torch.sum(~torch.isnan(x), dim=dim, keepdim=True)
    return torch.sqrt(variance * torch.where(count > 1, count / (count - 1), torch.nan))


@pytest.mark.parametrize("scale", ["group", "batch", "none"])
def test_advantages_are_trl_s(scale):
    rewards = random(6, 5)
    rewards[1, 2], rewards[4, 0] = torch.nan, torch.nan
    advantages = rewards - torch.nanmean(rewards, 1, keepdim=True)
    if scale != "none":
        std = trl_nanstd(rewards, 1) if scale == "group" else trl_nanstd(rewards.flatten(), 0)
        advantages = advantages / (std + 1e-4)
    got = REF["grpo_advantages"](rewards.flatten(), 5, scale)
    torch.testing.assert_close(got, advantages.nan_to_num(0.0).flatten())


@pytest.mark.parametrize("agg", ["grpo", "dapo", "dr_grpo"])
def test_loss_is_trl_s(agg):
    old, ref = -random(5, 7).abs(), -random(5, 7, seed=1).abs()
    lp, adv = old + 0.3 * random(5, 7, seed=2), random(5, seed=3)
    mask = torch.arange(7) < torch.tensor([7, 1, 4, 0, 6])[:, None]
    ratio, m = torch.exp(lp - old), mask.double()
    per = -torch.min(ratio * adv[:, None], torch.clamp(ratio, 0.8, 1.28) * adv[:, None])
    per = per + 0.04 * (torch.exp(ref - lp) - (ref - lp) - 1)
    want = {"grpo": ((per * m).sum(-1) / m.sum(-1).clamp(min=1.0)).mean(), "dapo": (per * m).sum() / m.sum().clamp(min=1.0),
            "dr_grpo": (per * m).sum() / (5 * 12)}[agg]
    torch.testing.assert_close(REF["grpo_loss"](lp, old, ref, adv, mask, 0.2, 0.28, 0.04, agg, 12), want)


# --- numbers of the prose --------------------------------------------------------------------------------------------

def test_memory():
    trained, frozen = 2 + 2 + 4 + 4 + 4, 2
    says("2 + 2 + 4 + 4 + 4", "16 bytes a parameter")
    for name, (n, m) in {"PPO": (2, 2), "GRPO with a reward model": (1, 2), "GRPO with a check, β = 0": (1, 0),
                         "DPO": (1, 1)}.items():
        row = next(line for line in SOURCE.splitlines() if line.startswith(f"# | {name} |"))
        each = n * trained + m * frozen
        assert row.endswith(f"| {each} | {7 * each} GB |"), row
    assert trained / frozen == 8 and 32 * 16 == 512
    assert f"{(trained + 2 * frozen) / (2 * trained + 2 * frozen):.0%}" == "56%"
    says("not three quarters of the bytes but 56 %", "count eight times as much", "32 questions × 16 samples = 512", "DPO 18. 252 against 126 GB at 7 B")


def test_numbers_of_the_groups():
    one = torch.tensor([1.0, 0, 0, 0])
    for std, texts in [(one.std(), ("1.50", "−0.50")), (one.std(correction=0), ("1.73", "−0.58"))]:
        got = (one - one.mean()) / std
        assert [f"{got[0]:.2f}", f"{got[1]:.2f}".replace("-", "−")] == list(texts)
        says(*texts)
    others = (one.sum() - one) / 3  # leave one out
    torch.testing.assert_close(one - others, (one - one.mean()) * 4 / 3)
    says("the difference is G/(G − 1) times as large")
    rare, usual = torch.tensor([1.0] + [0] * 7), torch.tensor([1.0] * 4 + [0] * 4)
    assert f"{rare.std():.3f}" == "0.354" and f"{usual.std():.3f}" == "0.535"
    scaled = [REF["grpo_advantages"](r, 8)[0].item() for r in (rare, usual)]
    plain = [REF["grpo_advantages"](r, 8, "none")[0].item() for r in (rare, usual)]
    assert [f"{x:.2f}" for x in scaled] == ["2.47", "0.94"] and plain == [0.875, 0.5]
    says("the deviation is 0.354, with four right ones 0.535", "gets 2.47 instead of 0.875, the usual one 0.94 instead of 0.5")
    assert math.isclose(0.01 * 1.2, 0.012) and math.isclose(0.01 * 1.28, 0.0128) and 0.9 * 1.2 > 1
    says("until 0.012", "0.0128")
    assert sum(p.numel() for p in counting().params.values()) == 416
    says("A policy of 416 numbers")


def test_the_first_step_of_ppo():
    lp, adv, mask = -random(3, 4).abs(), random(3, 4, seed=1), torch.ones(3, 4, dtype=torch.bool)
    leaf = lp.clone().requires_grad_()
    loss, clipfrac, kl = REF["ppo_loss"](leaf, lp, adv, mask)
    torch.testing.assert_close(loss.detach(), -adv.mean())
    assert float(clipfrac) == float(kl) == 0
    torch.testing.assert_close(torch.autograd.grad(loss, leaf)[0], -adv / 12)


def test_three_estimates():
    numbers = alignment.normal_kl(REF["kl_estimates"])
    for name, spread in {"k1": 20.0, "k2": 1.42, "k3": 1.42}.items():
        assert abs(numbers[name][0]) < 0.06 and math.isclose(numbers[name][1], spread, rel_tol=0.02)
    x = torch.randn(100_000, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    k1, k2, k3 = REF["kl_estimates"](-x ** 2 / 2, -(x - 0.1) ** 2 / 2)
    assert 0.45 < (k1 < 0).double().mean() < 0.5 and k2.min() >= 0 and k3.min() >= 0
    assert math.isclose(k2.mean(), (0.1 ** 2 + 0.1 ** 4 / 4) / 2, rel_tol=0.03)


def test_gradients_of_the_estimates():
    for policy, reference_ in [(alignment.POLICY, alignment.REFERENCE), (random(7).softmax(0), random(7, seed=1).softmax(0))]:
        got = alignment.mean_gradients(REF["kl_estimates"], policy, reference_)
        torch.testing.assert_close(got["k1"], torch.zeros_like(got["k1"]), rtol=0, atol=1e-12)
        torch.testing.assert_close(got["k2"], got["KL(policy || ref)"])
        torch.testing.assert_close(got["k3"], got["KL(ref || policy)"])
        assert (got["k2"] - got["k3"]).abs().max() > 0.02


def test_exploits():
    earned = [(REF["verify"](text, "42"), float("42" in text)) for _, text in alignment.TEXTS]
    assert [a for a, _ in earned] == [1.0, 0.1, 0.0, 0.1, 0.0, 0.1, 0.0] and [b for _, b in earned] == [1, 0, 1, 1, 1, 1, 1]
    says("Seven texts")


def test_best_of_n():
    best, kl = REF["best_of_n_gold"], REF["bon_kl"]
    assert f"{kl(512):.2f}" == "5.24"
    says("Best of 512 lies 5.24 nats away")
    for n in (2, 5, 40):  # density n F^(n - 1) of the best against 1, by integration: the bound is exact without ties
        u = (np.arange(200_000) + 0.5) / 200_000
        density = n * u ** (n - 1)
        assert math.isclose((density * np.log(density)).mean(), kl(n), rel_tol=1e-3)
    p = np.array([0.7, 0.2, 0.1])  # three answers, so most samples tie
    cdf = p.cumsum()
    kept = np.diff(cdf ** 5, prepend=0)
    assert 0 < (kept * np.log(kept / p)).sum() < kl(5) - 0.1
    rng = np.random.default_rng(0)
    proxy, gold = rng.integers(0, 30, 60).astype(float), rng.standard_normal(60)
    found = []
    for _ in range(20_000):
        drawn = rng.permutation(60)[:7]
        found.append(gold[drawn[proxy[drawn].argmax()]])  # the first of a tie, in random order
    assert abs(np.mean(found) - best(torch.from_numpy(proxy), torch.from_numpy(gold), 7)) < 4 * np.std(found) / 20_000 ** 0.5


# --- pictures --------------------------------------------------------------------------------------------------------

def test_credit():
    rewards, values, dones = torch.zeros(1, 12), torch.full((1, 13), 0.5), torch.zeros(1, 12, dtype=torch.bool)
    rewards[0, -1], dones[0, -1], values[0, 6:] = 1.0, True, 0.8
    td = REF["gae"](rewards, values, dones, 1.0, 0.0)[0][0]
    assert td.nonzero()[:, 0].tolist() == [5, 11]
    whole = REF["gae"](rewards, values, dones, 1.0, 1.0)[0][0]
    torch.testing.assert_close(whole, 1 - values[0, :12])


def test_bandit():
    at = {(scale, lr): np.mean([alignment.climb(REF["grpo_advantages"], scale, lr, 60, seed=s) for s in range(3)], 0)[49]
          for scale, lr in [("group", 0.5), ("batch", 0.5), ("none", 0.5), ("none", 2.0)]}
    assert at["group", 0.5] > 0.9 and at["batch", 0.5] > 0.9 and at["none", 0.5] < 0.6 and at["none", 2.0] > 0.9


def test_weight_of_a_token():
    def push(n, agg):
        return alignment.token_push(REF["grpo_loss"], n, agg)
    for n in (10, 1000):
        assert math.isclose(push(n, "grpo"), 1 / (2 * n), rel_tol=1e-4)
        assert math.isclose(push(n, "dapo"), 1 / (n + 100), rel_tol=1e-4)
        assert math.isclose(push(n, "dr_grpo"), 1 / 2000, rel_tol=1e-4)


def test_one_exploit_finds_the_gap():
    _, proxy, gold = alignment.over_pressure(REF["best_of_n_gold"], REF["bon_kl"], *alignment.gap())
    assert np.all(np.diff(proxy) > 0)
    top = int(np.argmax(gold))
    assert 4 <= alignment.NS[top] <= 32 and gold[-1] < gold[0]
    says("one in a hundred found a gap: its proxy is 4 higher, its gold 2 lower")


def test_counting_is_learnt_by_partial_credit():
    strict = [alignment.train(REF["grpo_step"], strict_reward, seed) for seed in range(3)]
    partial = [alignment.train(REF["grpo_step"], partial_reward, seed) for seed in range(3)]
    assert all(np.mean(share[-10:]) < 0.75 for share, _ in strict) and all(np.mean(share[-10:]) > 0.8 for share, _ in partial)
    assert all(np.mean(silent[-10:]) > 0.8 for _, silent in strict)  # and they are silent while a third is wrong
    assert counting().prompts.shape == (8, 1) and END == 9
    says("a policy that stays below 100 % is left with a prompt after which it ends at once")
    for seed, (share, silent) in enumerate(partial):
        if np.mean(share[-10:]) > 0.95:
            continue
        world, params = counting(seed), counting(seed).params
        for step in range(100):
            params, _ = REF["grpo_step"](params, world.params, world.table, world.prompts, partial_reward, 16, 3, END, step, 1.0, 2)
        ids, mask = rollout(params, world.table, world.prompts.repeat_interleave(16, 0), 3, END, 999)
        said = [row[chosen].tolist() for row, chosen in zip(ids, mask)]
        assert np.mean(silent[-10:]) > 0.8 and max(said[i:i + 16].count([END]) for i in range(0, 128, 16)) > 12


# --- the experiment --------------------------------------------------------------------------------------------------

def test_experiment_shows_the_order():
    shown, truth = experiment(SECTION), REF["prediction"]
    tables = [shown["table"]]
    for seed in range(1, 7):
        table = {}
        for error in ("normal", "heavy"):
            points = alignment.measured(shown["best_of"], error, (16, 512), seed, 8).mean(0)
            table |= {f"{error} 16": points[0, 0], f"{error} 512": points[1, 0]}
            assert points[1, 1] > points[0, 1]  # the proxy goes on rising
        tables.append(table)
    for table in tables:
        assert sorted(table, key=table.__getitem__, reverse=True) == truth
