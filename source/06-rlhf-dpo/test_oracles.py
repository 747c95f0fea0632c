"""Section 06: references against oracles, gradients against finite differences, every number of the prose.

What TRL does was read in the source of trl 1.16.0 (trl/trainer/dpo_trainer.py, `_compute_loss`) and of trl 0.11.4
(`dpo_loss`); the lines that matter stand below as the `trl_…` functions, so that TRL need not be installed.
"""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course.data.preferences import preference_pairs
from course.models.policy import TinyPolicy
from course.sections import rlhf_dpo
from course.sections.rlhf_dpo import dpo, learn_preferences, train_step, warmed_up
from tests.executed import experiment
from tests.reference import graded, reference

SECTION = "06-rlhf-dpo"


@pytest.fixture(scope="module")
def ref() -> dict:
    return reference(SECTION)


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def trl_loss(kind, pi_w, pi_l, ref_w, ref_l, beta, eps=0.0, len_w=None, len_l=None):
    """trl 1.16.0: per-pair loss for the default divergence (reverse KL), before the mean."""
    chosen, rejected = pi_w - ref_w, pi_l - ref_l
    delta = chosen - rejected
    if kind == "sigmoid":  # reads no label_smoothing
        return -F.logsigmoid(beta * delta)
    if kind == "robust":
        clean, flipped = -(1 - eps) * F.logsigmoid(beta * delta), -eps * F.logsigmoid(-beta * delta)
        return (clean - flipped) / (1 - 2 * eps)
    if kind == "ipo":
        return (chosen / len_w.clamp(min=1.0) - rejected / len_l.clamp(min=1.0) - 1 / (2 * beta)) ** 2
    raise ValueError(kind)


def trl_0_11_sigmoid(delta, beta, eps):
    """trl 0.11.4: the `sigmoid` loss with label smoothing."""
    return -F.logsigmoid(beta * delta) * (1 - eps) - F.logsigmoid(-beta * delta) * eps


def draw(seed: int, n: int, dtype=torch.float64) -> list[torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    return [-30 * torch.rand(n, generator=g, dtype=dtype) for _ in range(4)]


# --- references against oracles -------------------------------------------------------------------------------------

@pytest.mark.parametrize("seed", range(15))
def test_losses_agree_with_trl(ref, seed):
    n, beta = 1 + seed, 0.02 + 0.1 * seed
    args = draw(seed, n)
    g = torch.Generator().manual_seed(seed)
    len_w, len_l = (torch.randint(1, 40, (n,), generator=g) for _ in range(2))
    loss, margins = ref["dpo_loss"](*args, beta)
    torch.testing.assert_close(loss, trl_loss("sigmoid", *args, beta).mean())
    torch.testing.assert_close(margins, beta * (args[0] - args[2] - args[1] + args[3]))
    smooth, _ = ref["dpo_loss"](*args, beta, 0.1)
    torch.testing.assert_close(smooth, trl_0_11_sigmoid(margins / beta, beta, 0.1).mean())
    torch.testing.assert_close(ref["ipo_loss"](*args, len_w, len_l, beta),
                               trl_loss("ipo", *args, beta, len_w=len_w, len_l=len_l).mean())
    r_w, r_l, margin = args[:3]
    torch.testing.assert_close(ref["bt_loss"](r_w, r_l, margin), -F.logsigmoid(r_w - r_l - margin).mean())
    torch.testing.assert_close(ref["bt_loss"](r_w, r_l), F.softplus(r_l - r_w).mean(), atol=5e-9, rtol=1e-7)


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("dtype, tolerance", [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.float16, 1e-2)])
def test_sequence_logprob_agrees_with_cross_entropy(ref, seed, dtype, tolerance):
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(3, 2 + seed % 9, 5 + seed, generator=g, dtype=torch.float64).to(dtype)
    labels = torch.randint(0, logits.shape[-1], logits.shape[:2], generator=g)
    ignore = (-100, 0, 3)[seed % 3]
    labels[torch.rand(labels.shape, generator=g) < 0.3] = ignore
    logp, count = ref["sequence_logprob"](logits, labels, ignore)
    nll = F.cross_entropy(logits[:, :-1].double().flatten(0, 1), labels[:, 1:].flatten(), ignore_index=ignore,
                          reduction="none")
    torch.testing.assert_close(logp.double(), -nll.view(3, -1).sum(-1), rtol=tolerance, atol=tolerance)
    assert logp.dtype == dtype and count.tolist() == (labels[:, 1:] != ignore).sum(-1).tolist()


@pytest.mark.parametrize("seed", range(20))
def test_losses_in_float32_are_within_the_tolerance_of_the_checks(ref, seed):
    args = draw(seed, 8, torch.float32)
    wide = [a.double() for a in args]
    n = torch.arange(1, 9)
    for name, more in (("dpo_loss", (0.3, 0.1)), ("ipo_loss", (n, n.flip(0), 0.2))):
        narrow, exact = ref[name](*args, *more), ref[name](*wide, *more)
        narrow, exact = (x[0] if isinstance(x, tuple) else x for x in (narrow, exact))
        assert abs(narrow.double() - exact) <= 0.2 * (1e-5 + 1e-4 * abs(exact))


@pytest.mark.parametrize("name, wrt, more", [
    ("bt_loss", 2, ()), ("bt_loss", 2, (1.5,)), ("dpo_loss", 2, (0.3,)), ("dpo_loss", 2, (0.3, 0.2)),
    ("ipo_loss", 2, (torch.tensor([1, 4, 9]), torch.tensor([7, 2, 3]), 0.2)),
])
def test_gradients_agree_with_finite_differences(ref, name, wrt, more):
    args = draw(5, 3) if name != "bt_loss" else draw(5, 3)[:2]

    def value(args):
        out = ref[name](*args, *more)
        return out[0] if isinstance(out, tuple) else out

    leaves = [a.clone().requires_grad_() for a in args]
    grads = torch.autograd.grad(value(leaves), leaves, allow_unused=True)
    assert all(g is None or not g.any() for g in grads[wrt:]), "a gradient reached the reference"
    for i in range(wrt):
        for j in range(3):
            up, down = ([a.clone() for a in args] for _ in range(2))
            up[i][j] += 1e-5
            down[i][j] -= 1e-5
            assert (value(up) - value(down)).item() / 2e-5 == pytest.approx(grads[i][j].item(), abs=1e-6, rel=1e-6)


def test_gradient_of_sequence_logprob(ref):
    g = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 4, 5, generator=g, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[1, 2, -100, 3], [-100, -100, 0, 4]])
    assert torch.autograd.gradcheck(lambda x: ref["sequence_logprob"](x, labels)[0], logits)


@pytest.mark.parametrize("beta", [0.1, 0.5, 2.0])
def test_closed_form_is_where_gradient_ascent_ends(ref, beta):
    g = torch.Generator().manual_seed(1)
    logp, u = torch.randn(6, generator=g, dtype=torch.float64).log_softmax(-1), torch.rand(6, generator=g).double()
    best = ref["dpo_closed_form"](logp, u, beta)
    theta = logp.clone().requires_grad_()
    optimizer = torch.optim.LBFGS([theta], max_iter=500, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        lp = theta.log_softmax(-1)
        objective = (lp.exp() * (u - beta * (lp - logp))).sum()
        (-objective).backward()
        return -objective

    optimizer.step(loss)
    lp = theta.detach().log_softmax(-1)
    assert (lp.exp() * (lp - best.log())).sum() < 1e-7
    log_z = torch.logsumexp(logp + u / beta, -1)  # the optimum's value is beta log Z
    assert (best * (u - beta * (best.log() - logp))).sum().item() == pytest.approx(beta * log_z.item())


def test_steering_references(ref):
    g = torch.Generator().manual_seed(2)
    pos, neg = torch.randn(9, 5, generator=g), torch.randn(4, 5, generator=g)
    v = pos.numpy().astype(np.float64).mean(0) - neg.numpy().astype(np.float64).mean(0)
    np.testing.assert_allclose(ref["diff_of_means"](pos, neg), v, atol=1e-6)
    np.testing.assert_allclose(ref["diff_of_means"](pos, neg, True), v / np.linalg.norm(v), atol=1e-6)
    h = torch.randn(2, 4, 5, generator=g)
    for positions in (None, [], [3, 0]):
        want = h.numpy().copy()
        for t in range(4) if positions is None else positions:
            want[:, t] += -1.5 * pos[0].numpy()
        np.testing.assert_allclose(ref["steer"](h, pos[0], -1.5, positions), want, atol=1e-6)
    np.testing.assert_allclose(ref["steer_dims"](h, [4, 1], [2.0, -1.0]), h.numpy() * [1, 0, 1, 1, 3], atol=1e-6)
    assert ref["topk_dims"](torch.tensor([0.1, -3.0, 2.0]), 2).tolist() == [1, 2]
    with pytest.raises(ValueError):
        ref["steer_dims"](h, [1, 1], [1.0, 1.0])


# --- numbers and statements of the prose -----------------------------------------------------------------------------

def test_worked_examples(ref):
    one = torch.tensor
    assert ref["bt_loss"](one([1.0]), one([1.0])).item() == pytest.approx(0.6931, abs=5e-5)
    assert 1 / (1 + math.exp(-1.5)) == pytest.approx(0.8176, abs=5e-5)
    assert ref["bt_loss"](one([3.0]), one([1.0]), 0.5).item() == pytest.approx(0.2014, abs=5e-5)
    logp, count = ref["sequence_logprob"](torch.zeros(1, 4, 4), one([[7, 7, 1, 2]]), 7)
    assert logp.item() == pytest.approx(-2.7726, abs=5e-5) and count.item() == 2
    best = ref["dpo_closed_form"](one([0.5, 0.5]).log(), one([1.0, 0.0]), 1.0)
    assert best.tolist() == pytest.approx([0.7311, 0.2689], abs=5e-5)
    best = ref["dpo_closed_form"](one([0.8, 0.2]).log(), one([0.0, 1.0]), 0.5)
    assert best.tolist() == pytest.approx([0.351, 0.649], abs=5e-4)
    assert math.log(0.2) + 1 / 0.005 == pytest.approx(198.4, abs=0.05)
    args = [one([x]) for x in (-10.0, -12.0, -11.0, -11.0)]
    assert ref["dpo_loss"](*args, 0.5)[0].item() == pytest.approx(0.3133, abs=5e-5)
    assert ref["dpo_loss"](*args, 0.5, 0.1)[0].item() == pytest.approx(0.4133, abs=5e-5)
    ipo = [one([x]) for x in (2.0, -3.0, 0.0, 0.0)]
    assert ref["ipo_loss"](*ipo, one([4]), one([6]), 0.25).item() == pytest.approx(1.0)
    assert ref["ipo_loss"](*[one([0.0])] * 4, one([1]), one([1]), 0.1).item() == pytest.approx(25.0)


def test_statements_about_the_losses(ref):
    m = torch.linspace(-20, 60, 1601, dtype=torch.float64)
    zero = torch.zeros(1, dtype=torch.float64)
    for eps in (0.1, 0.3):  # smoothing has its optimum at log((1 - eps) / eps)
        losses = torch.stack([ref["dpo_loss"](x.view(1), zero, zero, zero, 1.0, eps)[0] for x in m])
        assert m[losses.argmin()].item() == pytest.approx(math.log((1 - eps) / eps), abs=0.051)
    assert trl_loss("robust", m, 0, 0, 0, 1.0, 0.1)[-1] < -7  # no lower bound: -eps m / (1 - 2 eps)
    # unbiased: the mean over labels flipped with probability eps is the loss of the true label
    flipped = 0.9 * trl_loss("robust", m, 0, 0, 0, 1.0, 0.1) + 0.1 * trl_loss("robust", -m, 0, 0, 0, 1.0, 0.1)
    torch.testing.assert_close(flipped, F.softplus(-m))
    plain = torch.stack([ref["dpo_loss"](x.view(1), zero, zero, zero, 1.0)[0] for x in m])
    assert (plain.diff() < 0).all()  # DPO on one pair has no minimum, at any beta
    one = torch.ones(1, dtype=torch.int64)
    ipo = torch.stack([ref["ipo_loss"](x.view(1), zero, zero, zero, one, one, 0.05) for x in m])
    assert m[ipo.argmin()].item() == pytest.approx(10, abs=0.051)


def test_first_order_formula():
    """d log pi(w) = eta (e_w - mean) . (e_w - e_l) for a step of the hidden state along e_w - e_l."""
    table = preference_pairs(0.7).table.double()
    h, eta = torch.randn(32, generator=torch.Generator().manual_seed(3), dtype=torch.float64), 1e-6
    push = table[0] - table[64]
    before, after = ((table @ x).log_softmax(-1)[0] for x in (h, h + eta * push))
    mean = (table @ h).softmax(-1) @ table
    assert ((after - before) / eta).item() == pytest.approx(((table[0] - mean) @ push).item(), rel=1e-4)
    # along the loss's own gradient: the normaliser cancels
    h.requires_grad_()
    lp = (table @ h).log_softmax(-1)
    torch.testing.assert_close(torch.autograd.grad(lp[0] - lp[64], h)[0], push)


def test_bystanders_win_when_the_answers_are_alike():
    for similarity, bystander_wins in ((0.0, 0.0), (0.95, 1.0)):
        table = preference_pairs(similarity).table
        push = table[:64] - table[64:128]
        torch.testing.assert_close((push * table[:64]).sum(-1), torch.full((64,), 1 - similarity), atol=1e-5, rtol=0)
        best = (push @ table[128:].T).max(-1).values
        assert (best > 1 - similarity).float().mean() == bystander_wins
        typical = (push @ table[128:].T).square().mean().sqrt().item()
        assert typical == pytest.approx(math.sqrt(2 * (1 - similarity) / 32), rel=0.1)


def test_preference_pairs():
    data = preference_pairs(0.8)
    assert data.chosen.shape == data.rejected.shape == (64, 5) and data.table.shape == (256, 32)
    torch.testing.assert_close(data.table.norm(dim=-1), torch.ones(256))
    assert ((data.chosen != data.rejected).sum(-1) == 1).all()
    assert ((data.chosen_labels != -100).sum(-1) == 1).all()
    assert (data.chosen_labels.max(-1).values == torch.arange(64)).all()
    logits = TinyPolicy(data.table)(data.chosen)
    changed = data.chosen.clone()
    changed[:, 3] = 200
    torch.testing.assert_close(TinyPolicy(data.table)(changed)[:, :3], logits[:, :3])  # causal


def test_experiment_displacement():
    runs = experiment(SECTION)["runs"]
    for run in runs.values():
        assert run["loss"][0].item() == pytest.approx(math.log(2), abs=1e-4) and len(run["loss"]) == 151
        assert run["word_mass"][0, :2].tolist() == pytest.approx([0.5, 0.5], abs=0.05)
    apart, alike = runs[0.0], runs[0.95]
    assert alike["loss"][-1].item() == pytest.approx(0.20, abs=0.02)
    assert alike["chosen"][-1].mean().item() == pytest.approx(-12.8, abs=1.5)
    assert alike["rejected"][-1].mean().item() == pytest.approx(-28.0, abs=2)
    assert alike["word_mass"][1, 0] < 0.25 and apart["word_mass"][1, 0] > 0.9
    assert apart["chosen"][-1].mean() > 0.5
    assert (alike["chosen"][-1] < 0).float().mean().item() == pytest.approx(0.86, abs=3 / 64)
    assert (apart["chosen"][-1] < 0).float().mean() < 0.1


@pytest.mark.parametrize("seed", range(5))
def test_prediction_holds_for_other_seeds(ref, seed):
    """The order that prediction__right wants, with a wide step between any two; seeds 0 to 2 are the experiment's own."""
    one = torch.ones(64, dtype=torch.int64)
    ways = {"smoothing 0.1": lambda *a: ref["dpo_loss"](*a, 0.1, 0.1)[0], "IPO 0.1": lambda *a: ref["ipo_loss"](*a, one, one, 0.1),
            "SFT term 0.05": lambda *a: ref["dpo_loss"](*a, 0.1)[0] - 0.05 * a[0].mean()}
    if seed < 3:
        smoothed, squared, imitated = (experiment(SECTION)["measured"][name][seed][0] for name in ways)
    else:
        data, step = preference_pairs(0.95, seed=seed), train_step(ref["sequence_logprob"])
        start = warmed_up(data, step, seed=seed)
        runs = (learn_preferences(data, step, ref["sequence_logprob"], way, start=start) for way in ways.values())
        smoothed, squared, imitated = ((run["chosen"][-1] < 0).float().mean().item() for run in runs)
    assert smoothed > squared + 0.3 and squared > imitated + 0.15
    assert '["smoothing 0.1", "IPO 0.1", "SFT term 0.05"]' in graded(SECTION)["prediction__right"]


def test_experiment_remedies():
    share, gap = ({name: float(np.mean([run[i] for run in runs])) for name, runs in experiment(SECTION)["measured"].items()}
                  for i in (0, 1))
    assert gap["DPO alone"] == pytest.approx(15, abs=0.6)
    assert share["SFT term 0.05"] < 0.02 and share["DPOP"] < 0.1
    assert 10.5 < gap["DPOP"] < gap["SFT term 0.05"] < 13.5
    for name in ("beta 1", "IPO 0.1", "smoothing 0.4", "DPO alone, stopped at 50"):
        assert 3.5 < gap[name] < 5.5 and share[name] < 0.45
    assert share["DPO alone"] - share["smoothing 0.1"] < 0.05
    assert math.log(0.9 / 0.1) / 0.1 == pytest.approx(22, abs=0.1) and math.log(0.6 / 0.4) / 0.1 == pytest.approx(4, abs=0.1)


def test_a_larger_beta_moves_less(ref):
    run = learn_preferences(preference_pairs(0.95), train_step(ref["sequence_logprob"]), ref["sequence_logprob"],
                            dpo(ref["dpo_loss"], 1.0))
    assert experiment(SECTION)["runs"][0.95]["chosen"][-1].mean() < -10 < -1 < run["chosen"][-1].mean()


def test_dpo_step_is_the_modules_own_step(ref):
    """Against torch.optim.SGD on the module."""
    data = preference_pairs(0.5, n=8, others=10, width=6)
    pairs = {name: getattr(data, name) for name in ("chosen", "chosen_labels", "rejected", "rejected_labels")}
    policy, start = TinyPolicy(data.table, 1), TinyPolicy(data.table, 2)
    plain = [{k: p.detach().clone() for k, p in m.named_parameters()} for m in (policy, start)]
    new, loss = ref["dpo_step"](*plain, data.table, pairs, 0.7, 0.3)
    optimizer = torch.optim.SGD(policy.parameters(), lr=0.3)
    with torch.no_grad():
        ref_w, ref_l = (ref["sequence_logprob"](start(data.chosen), data.chosen_labels)[0],
                        ref["sequence_logprob"](start(data.rejected), data.rejected_labels)[0])
    before, _, _ = train_step(ref["sequence_logprob"])(policy, optimizer, data, ref_w, ref_l, dpo(ref["dpo_loss"], 0.7))
    torch.testing.assert_close(loss, before)
    for name, p in policy.named_parameters():
        torch.testing.assert_close(new[name], p.detach())


def test_experiment_steering():
    parts = {rotated: [*pairs[-1], *pairs[3]] for rotated, pairs in experiment(SECTION)["parts"].items()}  # all 256, the top 10
    assert math.sqrt(255 * 2 / 400) == pytest.approx(1.13, abs=0.005)
    assert parts[False] == pytest.approx([3.21, 1.17, 3.21, 0.22], abs=0.02)
    assert parts[True] == pytest.approx([3.21, 1.17, 0.74, 1.48], abs=0.05)


def test_seed_snippet_steers_time_positions():
    h = torch.ones(2, 3, 4)
    steered = h.clone()
    for au, strength in zip([1], [0.5]):
        steered[:, au] += strength * h[:, au]
    assert (steered[:, 1] == 1.5).all() and (steered[:, [0, 2]] == 1).all()


def test_the_widget_draws_other_settings(ref):
    boards = rlhf_dpo.widget(*(ref[n] for n in ("sequence_logprob", "dpo_loss", "diff_of_means", "steer", "topk_dims")))
    (alpha, k, rotated), (image, words) = (box.children for box in boards.children[1].children)
    before = bytes(image.value)
    alpha.value, k.value, rotated.value = -1.0, 5, True
    assert before.startswith(b"\x89PNG") and bytes(image.value) != before and not words.value


def test_a_widget_without_its_functions_says_so(ref, capsys):
    def missing(*_args):
        raise NotImplementedError("steer: a hint")
    assert rlhf_dpo.widget(ref["sequence_logprob"], ref["dpo_loss"], ref["diff_of_means"], missing, ref["topk_dims"]) is None
    assert capsys.readouterr().out == "No widget yet. Still to write: steer: a hint\n"
