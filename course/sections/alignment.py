"""Section 18: credit, clip and KL drawn; group advantages; what optimisation does to a proxy; a policy that learns."""

import math
from collections.abc import Callable

import ipywidgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.counting import END, NUMBERS, counting, right

# --- credit, clip, KL ------------------------------------------------------------------------------------------------


@figures.picture
def credit(gae: Callable) -> Figure:
    """Advantages of twelve tokens for three lambdas; the critic is surprised once, and the reward comes at the end."""
    rewards, values, dones = torch.zeros(1, 12), torch.full((1, 13), 0.5), torch.zeros(1, 12, dtype=torch.bool)
    rewards[0, -1], dones[0, -1], values[0, 6:] = 1.0, True, 0.8
    figure, ax = figures.subplots(figsize=(8, 2.6))
    for i, lam in enumerate((0.0, 0.8, 1.0)):
        ax.bar(np.arange(12) + 0.27 * (i - 1), gae(rewards, values, dones, 1.0, lam)[0][0], width=0.25, label=f"λ = {lam:g}",
               color=figures.PALETTE[i])
    ax.set(xlabel="token", ylabel="advantage", xticks=range(12), ylim=(0, 0.65))
    ax.legend(ncols=3, loc="upper left")
    return figure


@figures.picture
def clip_shape(ppo_loss: Callable) -> Figure:
    """The loss of one token against its ratio, for a good and a bad one; dotted where no gradient is left."""
    ratios = torch.linspace(0.4, 1.7, 131)
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.6), sharey=False)
    for ax, advantage in zip(axes, (1.0, -1.0)):
        losses, slopes = [], []
        for ratio in ratios:
            lp = ratio.log()[None, None].requires_grad_()
            loss = ppo_loss(lp, torch.zeros(1, 1), torch.full((1, 1), advantage), torch.ones(1, 1, dtype=torch.bool))[0]
            losses.append(float(loss.detach()))
            slopes.append(float(torch.autograd.grad(loss, lp)[0]) if loss.requires_grad else 0.0)
        loss, alive = np.array(losses), np.array(slopes) != 0
        ax.plot(ratios, np.where(alive, loss, np.nan), color=figures.KEPT, lw=2, label="gradient")
        ax.plot(ratios, np.where(alive, np.nan, loss), ":", color=figures.WRONG, lw=2, label="none")
        ax.set(xlabel="ratio to the old policy", ylabel="loss", title=f"advantage {advantage:+.0f}")
        ax.legend()
    return figure


def normal_kl(kl_estimates: Callable, mean: float = 0.1, samples: int = 1_000_000,
              seed: int = 0) -> dict[str, tuple[float, float]]:
    """For a policy N(0, 1) and a reference N(mean, 1): relative error of each estimate's mean, and its relative spread."""
    x = torch.randn(samples, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    kl = mean ** 2 / 2
    estimates = kl_estimates(-x ** 2 / 2, -(x - mean) ** 2 / 2)
    return {f"k{i}": ((k.mean().item() - kl) / kl, k.std().item() / kl) for i, k in enumerate(estimates, 1)}


POLICY, REFERENCE = torch.tensor([0.6, 0.25, 0.1, 0.04, 0.01]), torch.tensor([0.05, 0.15, 0.2, 0.25, 0.35])


def mean_gradients(kl_estimates: Callable, policy: Tensor = POLICY, reference: Tensor = REFERENCE) -> dict[str, Tensor]:
    """Exact means of what autograd gives for the logits, at tokens of the policy, and the true gradients of both KLs."""
    policy, reference = policy.double(), reference.double()
    out = {}
    for which in range(3):
        logits = policy.log().requires_grad_()
        lp = logits.log_softmax(-1)
        estimate = kl_estimates(lp, reference.log())[which]
        out[f"k{which + 1}"] = torch.autograd.grad((policy * estimate).sum(), logits)[0]  # the samples do not move
    logits = policy.log().requires_grad_()
    lp = logits.log_softmax(-1)
    out["KL(policy || ref)"] = torch.autograd.grad((lp.exp() * (lp - reference.log())).sum(), logits, retain_graph=True)[0]
    out["KL(ref || policy)"] = torch.autograd.grad((reference * (reference.log() - lp)).sum(), logits)[0]
    return out


@figures.picture
def three_estimates(kl_estimates: Callable) -> Figure:
    """Means and spreads of the three estimates, and the mean gradients that they give as a loss."""
    numbers, gradients = normal_kl(kl_estimates), mean_gradients(kl_estimates)
    for name, (bias, spread) in numbers.items():
        print(f"{name}: mean off by {100 * bias:+5.1f} % of the KL, spread {spread:5.2f} times the KL")
    figure, (left, right_) = figures.subplots(1, 2, figsize=(10, 2.9), width_ratios=[1, 2.2])
    bars = left.bar(list(numbers), [s for _, s in numbers.values()], color=figures.PALETTE[:3])
    left.bar_label(bars, [f"{s:.2f}" for _, s in numbers.values()], padding=2, color=figures.INK)
    left.set(yscale="log", ylim=(0.5, 60), ylabel="spread / KL", title="as estimates")
    for i, (name, gradient) in enumerate(gradients.items()):
        right_.bar(np.arange(5) + 0.16 * (i - 2), gradient, width=0.15, label=name,
                   color=figures.PALETTE[i] if i < 3 else [figures.INK, figures.CUT][i - 3],
                   hatch="" if i < 3 else ["//", ".."][i - 3])
    right_.set(xlabel="token", ylabel="gradient of its logit", title="as losses", xticks=range(5), ylim=(-0.4, 1.05),
               yticks=(-0.2, 0, 0.2, 0.4, 0.6))
    right_.legend(fontsize=8, ncols=2)
    return figure


# --- groups ----------------------------------------------------------------------------------------------------------

def climb(grpo_advantages: Callable, scale: str, lr: float, steps: int = 100, prompts: int = 32, actions: int = 20, G: int = 8,
          seed: int = 0) -> list[float]:
    """Chance of the right action, after each step of gradient ascent on a bandit with one right action a prompt."""
    g = torch.Generator().manual_seed(seed)
    gold = torch.randint(0, actions, (prompts,), generator=g)
    theta, share = torch.zeros(prompts, actions), []
    for _ in range(steps):
        probs = theta.softmax(-1)
        share.append(probs[range(prompts), gold].mean().item())
        action = torch.multinomial(probs, G, replacement=True, generator=g)
        advantages = grpo_advantages((action == gold[:, None]).float().flatten(), G, scale).view(prompts, G)
        theta = theta + lr * (advantages[..., None] * (F.one_hot(action, actions) - probs[:, None])).mean(1)
    return share


@figures.picture
def bandit(grpo_advantages: Callable) -> Figure:
    """The three scales at one learning rate, and the unscaled one at larger ones."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.7), sharey=True)
    for i, scale in enumerate(("group", "batch", "none")):
        axes[0].plot(np.mean([climb(grpo_advantages, scale, 0.5, seed=s) for s in range(3)], 0), label=f'"{scale}"',
                     color=figures.PALETTE[i])
    for i, lr in enumerate((0.5, 1.0, 2.0)):
        axes[1].plot(np.mean([climb(grpo_advantages, "none", lr, seed=s) for s in range(3)], 0), label=f"lr {lr:g}",
                     color=figures.PALETTE[(2, 3, 4)[i]])
    axes[0].set(xlabel="step", ylabel="chance of the right answer", title="learning rate 0.5", ylim=(0, 1.02))
    axes[1].set(xlabel="step", title='"none"')
    for ax in axes:
        ax.legend(loc="lower right")
    return figure


def token_push(grpo_loss: Callable, length: int, agg: str, other: int = 100, max_len: int = 1000) -> float:
    """The gradient at one token of a wrong answer of this length, beside a right answer of another."""
    T = max(length, other)
    mask = torch.arange(T) < torch.tensor([[length], [other]])
    lp = torch.full((2, T), -1.0).requires_grad_()
    loss = grpo_loss(lp, lp.detach(), None, torch.tensor([-1.0, 1.0]), mask, 0.2, 0.2, 0.0, agg, max_len)
    return torch.autograd.grad(loss, lp)[0][0, 0].item()


@figures.picture
def weight_of_a_token(grpo_loss: Callable) -> Figure:
    """How hard a token of a wrong answer is pushed, by the answer's length, for the three ways to average."""
    lengths = [1, 3, 10, 30, 100, 300, 1000]
    figure, ax = figures.subplots(figsize=(7, 2.8))
    for i, agg in enumerate(("grpo", "dapo", "dr_grpo")):
        ax.loglog(lengths, [token_push(grpo_loss, n, agg) for n in lengths], "o-", color=figures.PALETTE[i], label=f'"{agg}"')
    ax.set(xlabel="tokens of the wrong answer", ylabel="push at one token")
    ax.legend()
    return figure


# --- rewards ---------------------------------------------------------------------------------------------------------

TEXTS = [
    ("right", "<think>6 * 7</think><answer>42</answer>"),
    ("wrong", "<think>6 + 7</think><answer>13</answer>"),
    ("no form", "It is 42."),
    ("guess in the thoughts", "<think>41? 42? 43?</think><answer>no idea</answer>"),
    ("two answers", "<think></think><answer>41</answer><answer>42</answer>"),
    ("longer number", "<think></think><answer>1420</answer>"),
    ("all numbers", " ".join(map(str, range(100)))),
]


@figures.picture
def exploits(verify: Callable) -> Figure:
    """What seven texts earn from a strict and from a lax checker; the gold answer is 42."""
    figure, ax = figures.subplots(figsize=(8, 2.9))
    at = np.arange(len(TEXTS))
    ax.barh(at - 0.2, [verify(text, "42") for _, text in TEXTS], height=0.36, color=figures.KEPT, label="yours")
    ax.barh(at + 0.2, [float("42" in text) for _, text in TEXTS], height=0.36, color=figures.WRONG, label="lax")
    ax.set(yticks=at, yticklabels=[name for name, _ in TEXTS], xlabel="reward", xlim=(0, 1.3))
    ax.invert_yaxis()
    ax.legend(loc="center right")
    return figure


# --- best of n -------------------------------------------------------------------------------------------------------

NS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


def over_pressure(best_of_n_gold: Callable, bon_kl: Callable, proxy: Tensor,
                  gold: Tensor) -> tuple[list[float], list[float], list[float]]:
    """√KL, and proxy and gold of the best of n, for each n."""
    return ([math.sqrt(bon_kl(n)) for n in NS], [best_of_n_gold(proxy, proxy, n) for n in NS],
            [best_of_n_gold(proxy, gold, n) for n in NS])


def gap(M: int = 4000, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Proxy and gold of answers of which one in a hundred exploits the proxy."""
    g = torch.Generator().manual_seed(seed)
    gold = torch.randn(M, generator=g, dtype=torch.float64)
    proxy = gold + 0.5 * torch.randn(M, generator=g, dtype=torch.float64)
    proxy[:M // 100] += 4
    gold[:M // 100] -= 2
    return proxy, gold


@figures.picture
def one_exploit(best_of_n_gold: Callable, bon_kl: Callable) -> Figure:
    """Proxy and gold of the best of n where a few answers found a gap."""
    d, proxy, gold = over_pressure(best_of_n_gold, bon_kl, *gap())
    figure, ax = figures.subplots(figsize=(7, 2.8))
    _pressure(ax, d, proxy, gold)
    return figure


def _pressure(ax, d: list[float], proxy: list[float], gold: list[float]) -> None:
    ax.plot(d, proxy, "o-", color=figures.CUT, label="proxy")
    ax.plot(d, gold, "o-", color=figures.KEPT, label="gold")
    for x, y, n in list(zip(d, gold, NS))[::3]:
        ax.annotate(f"n = {n}", (x, y), xytext=(0, -13), textcoords="offset points", ha="center", fontsize=8)
    ax.margins(y=0.15)
    ax.set(xlabel="√KL at most (nats)", ylabel="score")
    ax.legend()


# --- a policy that learns --------------------------------------------------------------------------------------------

def train(grpo_step: Callable, reward: Callable, seed: int, steps: int = 100) -> tuple[list[float], list[float]]:
    """Shares of right answers and of silent groups, at each step."""
    world, G = counting(seed), 16
    params, share, silent = world.params, [], []

    def watched(prompts: list[list[int]], answers: list[list[int]]) -> list[float]:
        rewards = reward(prompts, answers)
        share.append(sum(right(p, a) for p, a in zip(prompts, answers)) / len(answers))
        silent.append(sum(len(set(rewards[i:i + G])) == 1 for i in range(0, len(rewards), G)) / NUMBERS)
        return rewards

    for step in range(steps):
        params, _ = grpo_step(params, world.params, world.table, world.prompts, watched, G, 3, END, step, 1.0, 2)
    return share, silent


@figures.picture
def learning(grpo_step: Callable, strict: Callable, partial: Callable) -> Figure:
    """Three policies that learn by a strict and three by a partial reward."""
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, reward, title in [(axes[0], strict, "1 if all is right"), (axes[1], partial, "half a point for the number")]:
        runs = [train(grpo_step, reward, seed) for seed in range(3)]
        for i, (share, silent) in enumerate(runs):
            ax.plot(silent, color=figures.CUT, lw=0.8, alpha=0.7, label=None if i else "silent groups")
            ax.plot(share, color=figures.PALETTE[i], lw=2, label=f"right, seed {i}")
        ax.set(xlabel="step", title=title, ylim=(0, 1.02))
        print(f"{title}: {', '.join(f'{np.mean(share[-10:]):.0%}' for share, _ in runs)} right in the last ten steps")
    axes[0].set_ylabel("share")
    axes[1].legend(fontsize=8, loc="lower right")
    return figure


# --- the experiment and the widget -----------------------------------------------------------------------------------

def measured(best_of: Callable, error: str, ns: tuple[int, ...], seed: int, pools: int) -> np.ndarray:
    """(pools, len(ns), 2): gold and proxy of the best of each n, in each pool; a pool is the same for all n."""
    return np.array([[best_of(error, n, np.random.default_rng([seed, pool])) for n in ns] for pool in range(pools)])


@figures.experiment
def two_proxies(best_of: Callable, bon_kl: Callable, prediction: list[str] | None = None, seed: int = 0,
                pools: int = 8) -> dict[str, float]:
    """Gold and proxy of the best of n for two kinds of error, as means over pools of answers."""
    curves = {error: measured(best_of, error, NS, seed, pools) for error in ("normal", "heavy")}
    figures.show(_gold_and_proxy([math.sqrt(bon_kl(n)) for n in NS], {e: tuple(p.mean(0).T) for e, p in curves.items()}))
    table = {}
    print(f"best of {pools} pools of 4,096 answers{'':8}gold  ± 2 s.e.     proxy")
    for error, points in curves.items():
        for n in (16, 512):
            gold, proxy = points[:, NS.index(n)].T
            table[f"{error} {n}"] = float(gold.mean())
            print(f"{error + f' {n}':38}{gold.mean():6.2f}{2 * gold.std(ddof=1) / math.sqrt(pools):8.2f}{proxy.mean():12.2f}")
    if prediction:
        print(f"\nhighest gold first, measured: {', '.join(sorted(table, key=table.__getitem__, reverse=True))}"
              f"\n             your prediction: {', '.join(prediction)}")
    return table


def _gold_and_proxy(d: list[float], curves: dict[str, tuple]) -> Figure:
    """Gold on the left, proxy on the right, a line for each entry, against √KL."""
    figure, axes = figures.subplots(1, 2, figsize=(9.5, 2.9))
    for which, (ax, title) in enumerate(zip(axes, ("gold", "proxy"))):
        for i, (name, pair) in enumerate(curves.items()):
            ax.plot(d, pair[which], "o-", color=figures.PALETTE[i], label=name)
        ax.set(xlabel="√KL at most (nats); n = 1, 2, 4, … 512", ylabel="score", title=title)
        ax.legend()
    return figure


@figures.widget
def widget(best_of_n_gold: Callable, bon_kl: Callable) -> ipywidgets.Widget:
    """Proxy and gold of the best of n, by the tail and the size of the proxy's error."""
    rng = np.random.default_rng(7)
    gold, normal = rng.standard_normal(3000), rng.standard_normal(3000)
    parts = rng.standard_normal((30, 3000)) ** 2

    def drawn(tail: int, size: float, n: int) -> tuple[Figure, str]:
        error = normal / np.sqrt(parts[:tail].mean(0))  # Student's t with `tail` degrees
        proxy = torch.from_numpy(gold + size * error)
        d, high, true = over_pressure(best_of_n_gold, bon_kl, proxy, torch.from_numpy(gold))
        figure = _gold_and_proxy(d, {"best of n": (true, high)})
        for ax in figure.axes:
            ax.axvline(math.sqrt(bon_kl(n)), color=figures.WRONG, lw=1)
        best = NS[int(np.argmax(true))]
        return figure, (f"Best of {n}: proxy <b>{best_of_n_gold(proxy, proxy, n):.2f}</b>, gold "
                        f"<b>{best_of_n_gold(proxy, torch.from_numpy(gold), n):.2f}</b>. Of the n"
                        f" drawn, gold is highest at n = {best}.")

    return figures.board({
        "tail": ipywidgets.SelectionSlider(options=[1, 2, 3, 5, 10, 30], value=3, description="tail (degrees)"),
        "size": ipywidgets.FloatSlider(1.0, min=0.1, max=3.0, step=0.1, description="size of the error"),
        "n": ipywidgets.SelectionSlider(options=list(NS), value=16, description="n"),
    }, drawn)
