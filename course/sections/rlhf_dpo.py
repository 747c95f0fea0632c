"""Section 06: losses and their gradients, whom DPO displaces, what a steering vector moves; two boards to try both."""

import copy
import math
import re
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from .. import figures
from ..data.preferences import IGNORE, Preferences, contrast, preference_pairs
from ..models.language import generate, score
from ..models.policy import TinyPolicy
from ..models.smollm import Tokenizer, chat
from ..models.transformer import Transformer

# --- pictures: losses ------------------------------------------------------------------------------------------------


@figures.picture
def bradley_terry() -> Figure:
    """The probability that the chosen answer wins, and the loss with the size of its gradient."""
    gap = torch.linspace(-6, 6, 200)
    figure, (left, right) = figures.subplots(1, 2, figsize=(8, 2.8))
    left.plot(gap, torch.sigmoid(gap))
    left.set(xlabel="$r_w - r_l$", ylabel="P(chosen wins)", title="Bradley-Terry")
    right.plot(gap, F.softplus(-gap), label="loss")
    right.plot(gap, torch.sigmoid(-gap), "--", label="size of its gradient")
    right.set(xlabel="$r_w - r_l$", title="A settled pair stops pulling")
    right.legend()
    return figure


@figures.picture
def margins(bt_loss: Callable) -> Figure:
    """The loss over the gap of rewards, for three margins."""
    gap = torch.linspace(-4, 6, 100)
    figure, ax = figures.subplots()
    for margin in (0.0, 1.0, 3.0):
        ax.plot(gap, [float(bt_loss(g.view(1), torch.zeros(1), margin)) for g in gap], label=f"margin {margin:g}")
    ax.set(xlabel="$r_w - r_l$", ylabel="your bt_loss", title="A margin moves the bend")
    ax.legend()
    return figure


@figures.picture
def sums_grow(sequence_logprob: Callable) -> Figure:
    """Log-probability over the number of tokens, for 200 random sequences."""
    g = torch.Generator().manual_seed(0)
    length = torch.randint(5, 60, (200,), generator=g)
    labels = torch.where(torch.arange(64) <= length[:, None], torch.randint(0, 50, (200, 64), generator=g), -100)
    logp, count = sequence_logprob(torch.randn(200, 64, 50, generator=g), labels)
    figure, ax = figures.subplots()
    ax.scatter(count, logp, s=8)
    ax.set(xlabel="tokens scored (your count)", ylabel="log-probability, nats", title="Sums grow with length")
    return figure


@figures.picture
def optimal_policies(dpo_closed_form: Callable) -> Figure:
    """The best policy at four values of beta, and the reward that each nat of KL buys."""
    ref, u = torch.tensor([0.45, 0.3, 0.15, 0.08, 0.02]), torch.tensor([0.0, 0.4, 0.2, 1.0, 0.9])
    policies = {beta: dpo_closed_form(ref.log(), u, beta) for beta in (10.0, 0.5, 0.2, 0.05)}
    best = [dpo_closed_form(ref.log(), u, b) for b in torch.logspace(-2, 1.5, 60).tolist()]
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    for i, (beta, policy) in enumerate(policies.items()):
        left.bar(torch.arange(5) + 0.2 * (i - 1.5), policy, 0.2, label=f"beta {beta:g}")
    left.set(xticks=range(5), xticklabels=[f"{p:.2f}\nu={r:.1f}" for p, r in zip(ref, u)],
             xlabel="reference and reward of each answer", title="Your optimal policies")
    left.legend()
    right.plot([float((p * ((p + 1e-30) / ref).log()).sum()) for p in best], [float(p @ u) for p in best])
    right.set(xlabel="KL from the reference, nats", ylabel="expected reward", title="What a nat of KL buys")
    return figure


@figures.picture
def smoothed_losses() -> Figure:
    """DPO's loss of one pair with label smoothing, and the weight that it gives the pair."""
    m = torch.linspace(-6, 8, 300)
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    for eps in (0.0, 0.1, 0.3):
        line, = left.plot(m, (1 - eps) * F.softplus(-m) + eps * F.softplus(m), label=f"smoothing {eps:g}")
        right.plot(m, 1 - eps - torch.sigmoid(m), color=line.get_color())
        if eps:
            left.axvline(math.log((1 - eps) / eps), color=line.get_color(), ls=":", lw=1)
    left.plot(m, (0.9 * F.softplus(-m) - 0.1 * F.softplus(m)) / 0.8, "--", label="robust, 0.1")
    left.set(xlabel="margin m", ylabel="loss", ylim=(-1, 5), title="Loss of one pair")
    left.legend()
    right.axhline(0, color=figures.INK, lw=0.8)
    right.set(xlabel="margin m", ylabel="weight of the pair", title="Smoothing ends the push")
    return figure


@figures.picture
def satisfied_late(dpo_loss: Callable) -> Figure:
    """The loss over the policy's shift against the reference, for three values of beta."""
    zero, shift = torch.zeros(1), torch.linspace(-60, 60, 121)
    figure, ax = figures.subplots()
    for beta in (0.05, 0.1, 0.5):
        ax.plot(shift, [float(dpo_loss(s.view(1), zero, zero, zero, beta)[0]) for s in shift], label=f"beta {beta:g}")
    ax.axhline(np.log(2), color=figures.CUT, lw=0.8, ls=":")
    ax.set(xlabel="policy's preference for the chosen answer minus the reference's, nats", ylabel="your dpo_loss",
           ylim=(0, 6), title="A small beta is satisfied late")
    ax.legend()
    return figure


@figures.picture
def targets(ipo_loss: Callable) -> Figure:
    """IPO's loss over the gap: each beta has a gap of its own where it is least."""
    gap, zero, one = torch.linspace(-2, 12, 120), torch.zeros(1), torch.ones(1, dtype=torch.int64)
    figure, ax = figures.subplots()
    for i, beta in enumerate((0.5, 0.1, 0.05)):
        ax.plot(gap, [float(ipo_loss(x.view(1), zero, zero, zero, one, one, beta)) for x in gap],
                label=f"beta {beta:g}")
        ax.axvline(1 / (2 * beta), color=figures.PALETTE[i], ls=":", lw=1)
    ax.set(ylim=(0, 60), xlabel="gap, nats per token", ylabel="your ipo_loss", title="Every beta has its target")
    ax.legend(loc="upper center")
    return figure


@figures.picture
def bystanders() -> Figure:
    """How much a step along e_w - e_l lifts the chosen word, and the word that it lifts most."""
    similarity = torch.linspace(0, 0.99, 34)
    gains = []
    for s in similarity.tolist():
        table = preference_pairs(s).table
        push = table[:64] - table[64:128]                    # e_w - e_l of each pair
        gains.append((push @ table[128:].T).max(-1).values)  # its best bystander among 128
    gains = torch.stack(gains)
    figure, ax = figures.subplots()
    ax.plot(similarity, 1 - similarity, label="the chosen word")
    ax.plot(similarity, gains.mean(-1), label="best bystander of a pair, mean over 64 pairs")
    ax.fill_between(similarity, gains.min(-1).values, gains.max(-1).values, color=figures.PALETTE[1], alpha=0.2)
    ax.set(xlabel="cosine similarity of chosen and rejected", ylabel="gain of the logit per unit step",
           title="Alike enough, and somebody else wins")
    ax.legend()
    return figure


# --- pictures: steering ----------------------------------------------------------------------------------------------

@figures.picture
def steering_vector(diff_of_means: Callable) -> Figure:
    """Two clouds of points and the vector from one mean to the other."""
    g = torch.Generator().manual_seed(1)
    pos, neg = torch.randn(60, 2, generator=g) + torch.tensor([2.5, 1.0]), torch.randn(90, 2, generator=g)
    v, start = diff_of_means(pos, neg), neg.mean(0)
    figure, ax = figures.subplots()
    ax.scatter(*pos.T, s=8, label="with the behaviour")
    ax.scatter(*neg.T, s=8, label="without")
    ax.annotate("", xy=(start + v).tolist(), xytext=start.tolist(),
                arrowprops={"arrowstyle": "->", "color": figures.PALETTE[2], "lw": 2.5})
    ax.axis("equal")
    ax.set_title("Your steering vector")
    ax.legend()
    return figure


@figures.picture
def where_steered(steer: Callable) -> Figure:
    """The change of every activation, steered everywhere and steered at the answer."""
    g = torch.Generator().manual_seed(2)
    h, v = torch.randn(1, 12, 24, generator=g), torch.randn(24, generator=g)
    changes = {title: (steer(h, v, 1.0, at) - h)[0].T
               for title, at in (("positions=None", None), ("the answer only", [8, 9, 10, 11]))}
    figure, axes = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, (title, change) in zip(axes, changes.items()):
        ax.imshow(change, cmap="coolwarm", vmin=-3, vmax=3, aspect="auto")
        ax.set(xlabel="time position", title=title)
        ax.grid(False)
    axes[0].set_ylabel("dimension")
    return figure


@figures.picture
def top_dimensions(diff_of_means: Callable, topk_dims: Callable, steer_dims: Callable) -> Figure:
    """The difference of means in 256 dimensions, the ten largest in colour."""
    data = contrast()
    delta = diff_of_means(data.positive, data.negative)
    top = topk_dims(delta, 10)
    after = steer_dims(data.negative, top.tolist(), [1.0] * 10)
    figure, ax = figures.subplots()
    ax.bar(range(len(delta)), delta, color=figures.CUT, label="all 256 dimensions")
    ax.bar(top, delta[top], color=figures.KEPT, width=2, label="your top 10")
    ax.set(xlabel="dimension", ylabel="difference of means",
           title=f"steer_dims changed {int((after != data.negative).any(0).sum())} of 256 dimensions")
    ax.set_ylim(top=1.6)
    ax.legend()
    return figure


@figures.picture
def learning(dpo_step: Callable, steps: int = 60) -> Figure:
    """Loss and share of pairs in the right order while the learner's step is taken again and again."""
    data = preference_pairs(0.0, n=24, others=40, width=24)
    pairs = {name: getattr(data, name) for name in ("chosen", "chosen_labels", "rejected", "rejected_labels")}
    reference = {name: p.detach() for name, p in TinyPolicy(data.table).named_parameters()}
    params, losses = reference, []
    for _ in range(steps):
        params, loss = dpo_step(params, reference, data.table, pairs, 0.5, 5.0)
        losses.append(float(loss))
    figure, ax = figures.subplots()
    ax.plot(losses)
    ax.axhline(np.log(2), color=figures.CUT, lw=0.8, ls=":")
    ax.set(xlabel="your dpo_step, taken again and again", ylabel="DPO loss", title="It learns what was preferred")
    return figure


# --- the experiment on displacement ----------------------------------------------------------------------------------

def train_step(sequence_logprob: Callable) -> Callable:
    """The step that the notebook spells out, made with the learner's function; for the widget."""
    def step(policy, optimizer, data, ref_w, ref_l, objective):
        pi_w, pi_l = _logprobs(policy, data, sequence_logprob)
        loss = objective(pi_w, pi_l, ref_w, ref_l)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach(), pi_w.detach(), pi_l.detach()
    return step


def dpo(dpo_loss: Callable, beta: float = 0.1) -> Callable:
    """DPO's objective of the four log-probabilities, at this beta."""
    return lambda *logps: dpo_loss(*logps, beta)[0]


def warmed_up(data: Preferences, step: Callable, steps: int = 80, seed: int = 0) -> TinyPolicy:
    """A policy after supervised training on both answers of each pair."""
    policy = TinyPolicy(data.table, seed)
    optimizer = torch.optim.Adam(policy.parameters(), lr=0.02)
    for _ in range(steps):
        step(policy, optimizer, data, None, None, lambda w, l, *_: -torch.cat([w, l]).mean())
    return policy


def learn_preferences(data: Preferences, step: Callable, sequence_logprob: Callable, objective: Callable, steps: int = 150,
                      lr: float = 0.01, seed: int = 0, start: TinyPolicy | None = None) -> dict[str, Tensor]:
    """`steps` of preference training from `start`, which stays as it is; without one, after a warm-up.

    Returns, for the steps 0..steps: loss (steps+1,), and the change against the reference of the log-probability of
    each pair's answers, chosen and rejected (steps+1, N); and the probabilities of the chosen word, the rejected word
    and all others, word_mass (2, 3), before and after.
    """
    policy = warmed_up(data, step, seed=seed) if start is None else copy.deepcopy(start)
    ref_w, ref_l = (x.detach() for x in _logprobs(policy, data, sequence_logprob))
    mass = [_word_mass(policy, data)]
    optimizer = torch.optim.Adam(policy.parameters(), lr=lr)
    seen = [step(policy, optimizer, data, ref_w, ref_l, objective) for _ in range(steps)]
    last = [x.detach() for x in _logprobs(policy, data, sequence_logprob)]
    losses, chosen, rejected = zip(*seen, (objective(*last, ref_w, ref_l).detach(), *last))
    return {"loss": torch.stack(losses), "chosen": torch.stack(chosen) - ref_w, "rejected": torch.stack(rejected) - ref_l,
            "word_mass": torch.stack([*mass, _word_mass(policy, data)])}


def _logprobs(policy: TinyPolicy, data: Preferences, sequence_logprob: Callable) -> tuple[Tensor, Tensor]:
    return (sequence_logprob(policy(data.chosen), data.chosen_labels, IGNORE)[0],
            sequence_logprob(policy(data.rejected), data.rejected_labels, IGNORE)[0])


def _word_mass(policy: TinyPolicy, data: Preferences) -> Tensor:
    """(3,) probability of the chosen word, of the rejected word and of all others, mean over the pairs."""
    rows = torch.arange(len(data.chosen))
    before_word = (data.chosen_labels != IGNORE).cumsum(-1).argmax(-1) - 1
    probs = policy(data.chosen)[rows, before_word].softmax(-1)
    w, l = probs[rows, rows].mean(), probs[rows, rows + len(rows)].mean()
    return torch.stack([w, l, 1 - w - l]).detach()


@figures.experiment
def displacement(step: Callable, sequence_logprob: Callable, dpo_loss: Callable, similarities: Sequence[float],
                 prediction: list[str]) -> dict[float, dict[str, Tensor]]:
    """DPO on pairs that are unlike and on pairs that are alike; returns {similarity: what `learn_preferences` gives}."""
    runs = {s: learn_preferences(preference_pairs(s), step, sequence_logprob, dpo(dpo_loss)) for s in similarities}
    for s, run in runs.items():
        print(f"similarity {s:4}: loss {run['loss'][0]:.3f} -> {run['loss'][-1]:.3f}, chosen log-probability "
              f"{run['chosen'][-1].mean():+.2f} nats on average, less likely than before: {_share(run):.2f} of the pairs")
    figures.show(_displaced(runs))
    return runs


def _share(run: dict[str, Tensor], step: int = -1) -> float:
    """Of the pairs, those whose chosen answer is less likely than before."""
    return (run["chosen"][step] < 0).float().mean().item()


@figures.experiment
def remedies(step: Callable, sequence_logprob: Callable, objectives: dict[str, Callable], prediction: list[str],
             seeds: Sequence[int] = (0, 1, 2), stop: int = 50) -> dict[str, list[tuple[float, float]]]:
    """Each objective on pairs of similarity 0.95; returns {name: [(share displaced, gap in nats) for each seed]}.

    The first objective is DPO alone; it is also read at an early step, `stop`.
    """
    starts = [(data, warmed_up(data, step, seed=s)) for s in seeds for data in [preference_pairs(0.95, seed=s)]]
    runs = {name: [learn_preferences(data, step, sequence_logprob, objective, start=start) for data, start in starts]
            for name, objective in objectives.items()}
    first = next(iter(runs))
    rows = {name: [_outcome(run) for run in many] for name, many in runs.items()}
    rows[f"{first}, stopped at {stop}"] = [_outcome(run, stop) for run in runs[first]]
    print(f"{'similarity 0.95, ' + str(len(seeds)) + ' seeds':<26}share displaced, range    gap in nats")
    for name, outcomes in sorted(rows.items(), key=lambda row: -sum(share for share, _ in row[1])):
        shares, gaps = zip(*outcomes)
        print(f"{name:<26}{np.mean(shares):.2f}  [{min(shares):.2f}, {max(shares):.2f}]{np.mean(gaps):18.1f}")
    print(f"your prediction, most displaced first: {', '.join(prediction)}")
    return rows


def _outcome(run: dict[str, Tensor], step: int = -1) -> tuple[float, float]:
    return _share(run, step), (run["chosen"][step] - run["rejected"][step]).mean().item()


def _displaced(runs: dict[float, dict[str, Tensor]]) -> Figure:
    figure, (loss, change, mass) = figures.subplots(1, 3, figsize=(11, 3))
    for (s, run), dash in zip(runs.items(), ("-", "--", ":", "-.")):
        loss.plot(run["loss"], dash, color=figures.INK, label=f"similarity {s:g}")
        change.plot(run["chosen"].mean(-1), dash, color=figures.PALETTE[0], label=f"chosen, {s:g}")
        change.plot(run["rejected"].mean(-1), dash, color=figures.PALETTE[1], label=f"rejected, {s:g}")
    loss.set(title="DPO loss", xlabel="step")
    loss.legend()
    change.axhline(0, color=figures.INK, lw=0.8)
    change.set(title="Mean change of log-probability, nats", xlabel="step", ylim=(-30, 3))
    change.legend(fontsize=8)
    start = next(iter(runs.values()))["word_mass"][0]
    _stack(mass, ["start", *(f"after, {s:g}" for s in runs)],
           torch.stack([start, *(run["word_mass"][1] for run in runs.values())]), "everything else")
    mass.set(title="Where the probability is", ylim=(0, 1.45))
    mass.legend(fontsize=8, loc="upper center", ncols=2)
    return figure


def _stack(ax, columns: list[str], mass: Tensor, rest: str) -> None:
    """Stacked bars: mass (columns, 3) is the probability of the chosen word, the rejected word, the rest."""
    bottom = torch.zeros(len(columns))
    for name, colour, part in zip(("chosen", "rejected", rest), (*figures.PALETTE[:2], figures.CUT), mass.T):
        ax.bar(columns, part, bottom=bottom, color=colour, label=name)
        bottom = bottom + part


# --- the experiment on steering few dimensions -----------------------------------------------------------------------

def on_and_off(v: Tensor, direction: Tensor) -> tuple[float, float]:
    """Length of v along the true direction, and length of what is left: the disturbance."""
    on = v @ direction
    return on.item(), (v - on * direction).norm().item()


@figures.experiment
def few_dimensions(diff_of_means: Callable, keep_top: Callable) -> dict[bool, list[tuple[float, float]]]:
    """How much of the target and of the disturbance keep_top(v, k) leaves, in a plain and in a rotated space.

    Returns {rotated: [(on target, disturbance) for each number of dimensions]}.
    """
    ks, parts = [1, 2, 5, 10, 20, 50, 100, 256], {}
    for rotated in (False, True):
        data = contrast(rotated=rotated)
        v = diff_of_means(data.positive, data.negative)
        parts[rotated] = [on_and_off(keep_top(v, k), data.direction) for k in ks]
    figure, axes = figures.subplots(1, 2, figsize=(9, 3), sharey=True)
    for ax, (rotated, pairs) in zip(axes, parts.items()):
        on, off = zip(*pairs)
        print(f"rotated={rotated!s:5}: all 256 dimensions: on target {on[-1]:.2f}, disturbance {off[-1]:.2f}; "
              f"the top 10: {on[3]:.2f} and {off[3]:.2f}")
        ax.plot(ks, on, "o-", label="on target")
        ax.plot(ks, off, "o-", label="disturbance")
        ax.set(xscale="log", xlabel="dimensions steered",
               title="rotated: spread over all" if rotated else "the behaviour lives in 10 dimensions")
    axes[0].legend()
    figures.show(figure)
    return parts


# --- steering the real model ----------------------------------------------------------------------------------------

SEA = ("The captain steered the boat through the storm.", "Waves broke against the rocks below the lighthouse.",
       "The fishermen pulled their nets out of the water.", "Salt and seaweed dried on the wet sand.",
       "Gulls circled above the harbour at low tide.", "The sailors raised the anchor before dawn.",
       "A whale rose beside the ship and dived again.", "The ferry crossed the bay to the island.",
       "Divers looked for the wreck on the reef.", "The tide carried the raft out to the ocean.",
       "Children built a castle on the beach near the surf.", "The crew painted the hull of the old schooner.")
LAND = ("The teacher led the class through the lesson.", "Voices rose among the desks behind the window.",
        "The builders pulled their tools out of the van.", "Dust and paper lay on the wooden floor.",
        "People gathered around the market at noon.", "The farmers opened the gate before dawn.",
        "A deer stood beside the road and ran again.", "The train crossed the valley to the city.",
        "Students looked for the book in the library.", "The wind carried the leaves over to the garden.",
        "Children built a house in the forest near the path.", "The family painted the door of the old barn.")
SEA_WORDS = frozenset("""sea seas ocean oceans wave waves boat boats ship ships sail sails sailing sailor sailors sailed
beach beaches shore coast coastal island islands harbour harbor tide tides fish fishing fishermen whale whales captain
crew anchor lighthouse surf reef dive diving divers salt sand storm storms bay gulls water waters marine ferry hull
seaweed caribbean coral""".split())
QUESTIONS = ("Tell me about your weekend.", "What should I cook for dinner?", "Describe your favourite place.",
             "Write a short story about a friend.", "What makes a good gift?", "How do I stay calm?",
             "Tell me something surprising.", "What did you dream of?")


def steered_answers(model: Transformer, tokenizer: Tokenizer, hook: Callable[[float], Callable], layer: int,
                    alphas: Sequence[float]) -> dict[float, tuple[int, float]]:
    """What the model answers to QUESTIONS under each alpha; {alpha: (answers about the sea, log-probability per token)}.

    hook: alpha -> a forward hook for a block. The log-probability is the unsteered model's, in nats: how fluent it finds them.
    """
    prompts, found = [chat(tokenizer, q) for q in QUESTIONS], {}
    print(f"alpha   about the sea   nats per token   to {QUESTIONS[0]!r}")
    for alpha in alphas:
        handle = model.blocks[layer].register_forward_hook(hook(alpha))
        try:
            answers = generate(model, tokenizer, prompts, 40)
        finally:
            handle.remove()
        fluency = torch.cat(score(model, tokenizer, answers, prompts)).mean().item()
        found[alpha] = sum(map(about_the_sea, answers)), fluency
        print(f"{alpha:5g} {found[alpha][0]:10} of {len(answers)} {fluency:16.2f}   {' '.join(answers[0].split())[:60]}")
    return found


def about_the_sea(answer: str) -> bool:
    """More than 2 % of the words are of the sea."""
    words = re.findall(r"[a-z]+", answer.lower())
    return sum(word in SEA_WORDS for word in words) > 0.02 * len(words)


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(sequence_logprob: Callable, dpo_loss: Callable, diff_of_means: Callable, steer: Callable,
           topk_dims: Callable) -> ipywidgets.Widget:
    """Above: similarity and beta against where DPO moves the probability. Below: alpha and k against what steering
    does. Both run the learner's functions."""
    learning = {
        "similarity": ipywidgets.FloatSlider(0.9, min=0, max=0.99, step=0.01, description="similarity"),
        "beta": ipywidgets.FloatLogSlider(0.1, base=10, min=-2, max=0.5, step=0.1, description="beta"),
    }
    steering = {
        "alpha": ipywidgets.FloatSlider(1.0, min=-2, max=3, step=0.1, description="alpha"),
        "k": ipywidgets.SelectionSlider(options=[1, 2, 5, 10, 20, 50, 100, 256], value=10, description="dimensions"),
        "rotated": ipywidgets.Checkbox(False, description="rotate the space"),
    }
    return ipywidgets.VBox([
        figures.board(learning, lambda **at: learning_curves(sequence_logprob, dpo_loss, **at)),
        figures.board(steering, lambda **at: steered_projections(diff_of_means, steer, topk_dims, **at)),
    ])


def learning_curves(sequence_logprob: Callable, dpo_loss: Callable, similarity: float, beta: float) -> Figure:
    """Change of the log-probabilities during DPO, and where the probability is before and after."""
    run = learn_preferences(preference_pairs(similarity), train_step(sequence_logprob), sequence_logprob,
                            dpo(dpo_loss, beta))
    figure, (curves, mass) = figures.subplots(1, 2, figsize=(7, 2.8), width_ratios=[2, 1])
    curves.plot(run["chosen"].mean(-1), label="chosen")
    curves.plot(run["rejected"].mean(-1), label="rejected")
    curves.axhline(0, color=figures.INK, lw=0.8)
    curves.set(xlabel="step of DPO", ylabel="change of log-probability, nats",
               title=f"loss {run['loss'][0]:.2f} to {run['loss'][-1]:.2f}")
    curves.legend()
    _stack(mass, ["before", "after"], run["word_mass"], "others")
    mass.set(ylabel="probability", title="who has it")
    return figure


def steered_projections(diff_of_means: Callable, steer: Callable, topk_dims: Callable, alpha: float, k: int,
                        rotated: bool) -> Figure:
    """How far activations lie along the true direction before and after steering with the full vector and with its k
    largest entries; the titles give the disturbance across that direction."""
    data = contrast(rotated=rotated)
    full = diff_of_means(data.positive, data.negative)
    few, keep = torch.zeros_like(full), topk_dims(full, k)
    few[keep] = full[keep]
    figure, axes = figures.subplots(1, 2, figsize=(7, 2.8), sharey=True)
    for ax, v, name in zip(axes, (full, few), ("all 256 dimensions", f"the top {k}")):
        after = steer(data.negative[None], v, alpha)[0]
        for x, label in ((data.positive, "with the behaviour"), (data.negative, "without"), (after, "steered")):
            ax.hist((x @ data.direction).numpy(), bins=30, alpha=0.5, label=label)
        on, off = on_and_off(alpha * v, data.direction)
        ax.set(xlabel="along the true direction", title=f"{name}:\non target {on:.2f}, disturbance {off:.2f}")
        ax.set(xlim=(-10, 14), ylim=(0, 65))
    axes[1].legend(fontsize=8)
    return figure
