"""Section 15: ratings that wander, ranks with intervals, a judge that likes the first place and long answers, costs."""

import math
from collections.abc import Callable, Sequence

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from .. import figures

Game = tuple[int, int, float]


def chance(ra: float, rb: float) -> float:
    """The expected score of the first of two ratings."""
    return 1 / (1 + 10 ** ((rb - ra) / 400))


def played(true: Sequence[float], m: int, rng: np.random.Generator, ties: float = 0.0) -> list[Game]:
    """m games between random pairs; a share of them is tied."""
    n, games = len(true), []
    for a, shift in zip(rng.integers(0, n, m).tolist(), rng.integers(1, n, m).tolist()):
        b = (a + shift) % n
        s = 0.5 if rng.random() < ties else float(rng.random() < chance(true[a], true[b]))
        games.append((a, b, s))
    return games


def columns(games: Sequence[Game]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    i, j, s = zip(*games)
    return np.array(i), np.array(j), np.array(s)


# --- ratings ---------------------------------------------------------------------------------------------------------

@figures.picture
def elo_paths(elo_run: Callable) -> Figure:
    """Ratings after every tenth of 600 games, in two orders."""
    true = [150.0, 0.0, -150.0]
    games = played(true, 600, np.random.default_rng(4))
    figure, both = figures.subplots(1, 2, figsize=(9, 2.8), sharey=True)
    for ax, seed in zip(both, (1, 2)):
        order = np.random.default_rng(seed).permutation(len(games))
        marks = range(0, 601, 10)
        paths = np.array([elo_run(3, [games[g] for g in order[:m]], 32.0, 0.0) for m in marks])
        for p in range(3):
            ax.plot(marks, paths[:, p], color=figures.PALETTE[p], lw=1, label=f"model {p}")
            ax.axhline(true[p], color=figures.PALETTE[p], lw=1, ls="--")
        ax.set(xlabel="games", title=f"one order of the games: ends {', '.join(f'{x:+.0f}' for x in paths[-1])}"
               if seed == 1 else f"another order: ends {', '.join(f'{x:+.0f}' for x in paths[-1])}")
    both[0].set_ylabel("Elo, K = 32, start 0")
    both[0].legend(fontsize=8, ncols=3, loc="lower left")
    both[0].set_ylim(-420, 320)
    return figure


SCHEDULE = [  # two models, their games, the share that the first one wins
    (0, 2, 30, 0.5), (1, 4, 30, 0.5), (2, 3, 60, 0.55), (3, 4, 60, 0.8), (2, 4, 60, 0.85)]


@figures.picture
def opponents(fit_bt: Callable) -> Figure:
    """Win rates and ratings of two models with unlike opponents."""
    games = [(a, b, float(g < round(m * share))) for a, b, m, share in SCHEDULE for g in range(m)]
    rate = [np.mean([s if p == a else 1 - s for a, b, s in games if p in (a, b)]) for p in range(2)]
    ratings = fit_bt(*columns(games), 5)
    names = ["met the strong", "met the weak"]
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 2.4), width_ratios=(1, 2))
    left.bar(names, rate, color=figures.CUT)
    left.set(title="win rate", ylim=(0, 1))
    bars = right.barh(["met the strong", "met the weak", "strong 1", "strong 2", "weak"], ratings,
                      color=[figures.KEPT, figures.KEPT, figures.CUT, figures.CUT, figures.CUT])
    right.bar_label(bars, [f"{r:+.0f}" for r in ratings], padding=3, color=figures.INK)
    right.set(title="your ratings, in points", xlim=(min(ratings) * 1.3, max(ratings) * 1.4))
    right.invert_yaxis()
    return figure


@figures.picture
def rank_picture(bootstrap_ratings: Callable, rank_intervals: Callable) -> Figure:
    """Ratings with intervals and rank intervals, from few games and from many."""
    true = [120.0, 60.0, 0.0, 0.0, -60.0, -120.0]
    names = ["a", "b", "c", "c's equal", "d", "e"]
    figure, both = figures.subplots(1, 2, figsize=(9, 2.9), sharex=True)
    for ax, m in zip(both, (300, 3000)):
        R = bootstrap_ratings(*columns(played(true, m, np.random.default_rng(5), 0.2)), 6, 100, 0)
        low, high = rank_intervals(R)
        ends = np.quantile(R, [0.025, 0.975], axis=0)
        ax.hlines(range(6), *ends, color=figures.KEPT, lw=3)
        ax.plot(R.mean(0), range(6), "o", color=figures.KEPT)
        for p in range(6):
            ax.text(265, p, f"{low[p]}–{high[p]}", va="center", ha="center")
        ax.text(265, -0.9, "rank", ha="center", va="center", fontsize=9)
        ax.set_yticks(range(6), names)
        ax.set(xlim=(-260, 310), ylim=(5.6, -1.3), xlabel="rating, in points", title=f"{m:,} games")
    return figure


# --- a judge ---------------------------------------------------------------------------------------------------------

def verdicts(m: int, rng: np.random.Generator, bonus: float = 0.8, mean: float = -0.3, spread: float = 1.0,
             ) -> tuple[list[str], list[str], float]:
    """Verdicts on m pairs in both orders, and how often X wins where the judge has no bonus for the first place."""
    q = mean + spread * rng.standard_normal(m)

    def drawn(push: np.ndarray) -> np.ndarray:
        return rng.random(m) < 1 / (1 + np.exp(-push))

    first = ["A" if x else "B" for x in drawn(q + bonus)]
    second = ["B" if x else "A" for x in drawn(q - bonus)]
    return first, second, float((1 / (1 + np.exp(-q))).mean())


def win_rates(debias_pairwise: Callable, first: list[str], second: list[str]) -> dict[str, float]:
    """X's win rate, estimated in three ways."""
    outcomes = np.array(debias_pairwise(first, second))
    return {"X always first": float(np.mean([v == "A" for v in first])),
            "both orders,\ndisagreement 0.5": float(outcomes.mean()),
            "both orders,\ndisagreement dropped": float(outcomes[outcomes != 0.5].mean())}


@figures.picture
def four_win_rates(debias_pairwise: Callable, position_bias: Callable) -> Figure:
    """Three estimates of a win rate beside the truth."""
    first, second, true = verdicts(20_000, np.random.default_rng(0))
    rates = {"the truth": true, **win_rates(debias_pairwise, first, second)}
    figure, ax = figures.subplots(figsize=(7.5, 2.6))
    bars = ax.barh(list(rates), list(rates.values()), color=[figures.INK, figures.WRONG, figures.KEPT, figures.WRONG])
    ax.bar_label(bars, [f"{r:.3f}" for r in rates.values()], label_type="center", color="white")
    ax.axvline(true, color=figures.INK, lw=1, ls="--")
    ax.set(xlim=(0, 0.75), xlabel=f"win rate of X; your position bias is {position_bias(first, second):+.3f}")
    ax.invert_yaxis()
    return figure


@figures.picture
def kappa_and_prevalence(cohen_kappa: Callable) -> Figure:
    """Agreement and kappa of a judge that is right in 90 % of cases, by the share of good answers."""
    shares, kappas = np.arange(1, 40) / 40, []
    for share in shares:
        good = round(share * 400)
        truth = [1] * good + [0] * (400 - good)
        wrong = [k % 10 == 0 for k in range(good)] + [k % 10 == 0 for k in range(400 - good)]
        kappas.append(cohen_kappa(truth, [1 - t if bad else t for t, bad in zip(truth, wrong)]))
    figure, ax = figures.subplots(figsize=(7, 2.6))
    ax.axhline(0.9, color=figures.CUT, label="agreement")
    ax.plot(shares, kappas, color=figures.KEPT, label="your kappa")
    ax.set(xlabel="share of good answers", ylim=(0, 1), title="A judge that is right in 90 % of cases")
    ax.legend(loc="lower center")
    return figure


def wordy(words: float, m: int, rng: np.random.Generator) -> tuple[list[float], list[float]]:
    """Games of a model with a rate of 0.45 at equal length that writes `words` tokens more, for a judge that likes length."""
    dlen = words + 80 * rng.standard_normal(m)
    p = 1 / (1 + np.exp(-(math.log(0.45 / 0.55) + 1.2 * np.tanh(dlen / 100))))
    return (rng.random(m) < p).astype(float).tolist(), dlen.tolist()


@figures.picture
def length_picture(length_controlled_winrate: Callable) -> Figure:
    """Raw and controlled win rates of a model that writes more and more."""
    more = range(0, 201, 40)
    raw, controlled = [], []
    for words in more:
        games = [wordy(words, 1500, np.random.default_rng(seed)) for seed in range(40)]
        raw.append(np.mean([np.mean(y) for y, _ in games]))
        controlled.append([length_controlled_winrate(y, d) for y, d in games])
    middle, ends = np.mean(controlled, 1), np.quantile(controlled, [0.025, 0.975], axis=1)
    figure, ax = figures.subplots(figsize=(7, 2.8))
    ax.plot(more, raw, "o-", color=figures.WRONG, label="raw")
    ax.plot(more, middle, "o-", color=figures.KEPT, label="at equal length")
    ax.fill_between(more, *ends, color=figures.KEPT, alpha=0.25)
    ax.axhline(0.45, color=figures.INK, ls="--", lw=1, label="truth at equal length")
    ax.set(xlabel="tokens that it writes more than the baseline, on average", ylabel="win rate", ylim=(0.3, 0.8))
    ax.legend(loc="upper left", fontsize=8)
    return figure


# --- costs -----------------------------------------------------------------------------------------------------------

MODELS = {"tiny": (0.05, 0.2, 0.45), "small": (0.15, 0.6, 0.62), "middle": (1.0, 5.0, 0.80), "dear": (2.5, 10.0, 0.79),
          "large": (3.0, 15.0, 0.92)}  # invented: price in, price out, accuracy


@figures.picture
def cost_picture(cost_per_success: Callable, pareto: Callable) -> Figure:
    """The front of five invented models; cost per solved task by the price of an error."""
    points = [(cost_per_success(a, b, 2000, 1000, 1.0), p) for a, b, p in MODELS.values()]
    front = sorted(points[k] for k in pareto(points))
    figure, (left, right) = figures.subplots(1, 2, figsize=(9, 3))
    left.plot(*zip(*front), "-", color=figures.KEPT, zorder=1)
    for name, (cost, quality) in zip(MODELS, points):
        on = (cost, quality) in front
        left.plot(cost, quality, "o", color=figures.KEPT if on else figures.WRONG)
        left.annotate(name, (cost, quality), xytext=(-46, 4) if name == "middle" else (6, -12), textcoords="offset points")
    left.set(xscale="log", xlabel="dollars per attempt", ylabel="accuracy", ylim=(0.35, 1), xlim=(2e-4, 0.06),
             title="2,000 tokens in, 1,000 out")
    errors = np.geomspace(1e-4, 1, 40)
    for name, color in zip(MODELS, figures.PALETTE):
        a, b, p = MODELS[name]
        right.loglog(errors, [cost_per_success(a, b, 2000, 1000, p, 0, float(e)) for e in errors], color=color, label=name)
    right.set(xlabel="dollars per error", title="dollars per solved task")
    right.legend(fontsize=8)
    return figure


# --- an arena --------------------------------------------------------------------------------------------------------

TRUE = {"Ash": 0.75, "Beech": 0.45, "Cedar": 0.15, "Dogwood": -0.15, "Elm": -0.45, "Fir": -0.75}  # invented, in log-odds
LIFTED = ("Dogwood", "Fir")
POINTS = 400 / math.log(10)  # of one natural unit
PULL = 1.4  # of the judge, in log-odds, for one unit of strength


def world(m: int = 900, seed: int = 0,
          ) -> tuple[dict[str, list[str]], list[tuple[str, str, int]], Callable[[int, str, str], str]]:
    """Answers, games and a judge. An answer is its model's name and a number; the judge likes the first place."""
    rng, names = np.random.default_rng(seed), list(TRUE)
    answers = {name: [f"{name} {q}" for q in range(40)] for name in names}
    games = []
    for _ in range(m):
        x, y = (str(v) for v in rng.choice(names, 2, replace=False))
        if y in LIFTED and x not in LIFTED:
            x, y = y, x
        games.append((x, y, int(rng.integers(40))))
    noise = np.random.default_rng(seed + 1)

    def ask(q: int, first: str, second: str) -> str:
        pull = 0.8 + PULL * (TRUE[first.split()[0]] - TRUE[second.split()[0]])
        if noise.random() < 0.02:
            return "Both have their merits."
        return "[[A]]" if noise.random() < 1 / (1 + math.exp(-pull)) else "[[B]]"

    return answers, games, ask


def one_order(fit_bt: Callable, seed: int = 0) -> dict[str, float]:
    """Ratings where each game is shown once, as it was drawn."""
    answers, games, ask = world(seed=seed)
    names, kept = list(answers), []
    for x, y, q in games:
        reply = ask(q, answers[x][q], answers[y][q])
        if reply.startswith("[["):
            kept.append((names.index(x), names.index(y), float(reply == "[[A]]")))
    return dict(zip(names, fit_bt(*columns(kept), len(names), 0.1)))


@figures.picture
def arena_picture(arena: Callable, fit_bt: Callable) -> Figure:
    """The arena's table, and the ratings of one order beside it."""
    answers, games, ask = world()
    got, single = arena(answers, games, ask, 60), one_order(fit_bt)
    truth = {name: PULL * POINTS * strength for name, strength in TRUE.items()}
    print(f"bias for the first place {got['bias']:+.2f}, {got['unread']} of {len(games)} games unread")
    print(f"{'model':10}{'rating':>8}{'ranks':>9}{'games':>8}{'one order':>12}{'truth':>8}")
    for row in got["table"]:
        ranks = f"{row['low']}–{row['high']}"
        print(f"{row['name']:10}{row['rating']:8.0f}{ranks:>9}{row['games']:8}{single[row['name']]:12.0f}"
              f"{truth[row['name']]:8.0f}")
    rating = {row["name"]: row["rating"] for row in got["table"]}
    figure, ax = figures.subplots(figsize=(7.5, 2.8))
    at = np.arange(len(TRUE))
    ax.bar(at - 0.2, [rating[name] for name in TRUE], 0.38, color=figures.KEPT, label="both orders")
    ax.bar(at + 0.2, [single[name] for name in TRUE], 0.38, color=figures.WRONG, label="one order")
    ax.hlines(list(truth.values()), at - 0.35, at + 0.35, color=figures.INK, label="truth")
    ax.set_xticks(at, [f"{name}\n(shown first)" if name in LIFTED else name for name in TRUE])
    ax.set(ylabel="rating, in points", title="From the best (left) to the worst")
    ax.legend()
    return figure


# --- the experiment --------------------------------------------------------------------------------------------------

LADDER = np.linspace(280, -280, 8)


@figures.experiment
def orders(tables: Callable, everything_right: Callable, fit_bt: Callable, prediction: str | None, seed: int = 0,
           times: int = 200, shown: bool = True) -> dict:
    """Elo over many orders of the same 4,000 games, beside Bradley-Terry."""
    games = played(LADDER.tolist(), 4000, np.random.default_rng(seed))
    table = {}
    for k, count in ((32.0, times), (4.0, max(times // 4, 10))):
        R = tables(games, k, np.random.default_rng(seed + 1), count)
        table[f"Elo, K = {k:.0f}"] = R - 1000
    table["Bradley–Terry"] = np.array([fit_bt(*columns([games[g] for g in np.random.default_rng(s).permutation(4000)]), 8)
                                       for s in range(10)])
    bt = table["Bradley–Terry"][0]

    def off(R: np.ndarray, true: np.ndarray) -> float:
        return float(np.sqrt(((R - true) ** 2).mean()))

    result = {name: {"orders": len(R), "right": float(everything_right(R).mean()), "scatter": float(R.std(0).mean()),
                     "off": off(R, LADDER), "mean": off(R.mean(0), bt)} for name, R in table.items()}
    if not shown:
        return result
    figure, axes = figures.subplots(1, 3, figsize=(9, 2.9), sharey=True)
    for ax, (name, R) in zip(axes, table.items()):
        for p in range(8):
            spots = p + np.random.default_rng(p).uniform(-0.3, 0.3, len(R))
            ax.plot(spots, R[:, p], ".", ms=3, color=figures.KEPT)
            ax.hlines(LADDER[p], p - 0.45, p + 0.45, color=figures.WRONG)
        ax.set(title=name, xlabel="model")
    axes[0].set_ylabel("rating (line: the truth)")
    figures.show(figure)
    print(f"{'':16}{'orders':>8}{'all eight ranks right':>24}{'scatter':>10}{'off the truth':>16}{'mean off B–T':>15}")
    for name, r in result.items():
        print(f"{name:16}{r['orders']:8}{r['right']:24.0%}{r['scatter']:10.1f}{r['off']:16.1f}{r['mean']:15.1f}")
    print("scatter: standard deviation over orders; off the truth: root mean square; both in points")
    print("mean off B–T: how far the mean over all orders is from Bradley–Terry, root mean square, in points")
    if prediction:
        print(f"your prediction: {prediction}")
    return result


# --- the real model --------------------------------------------------------------------------------------------------

PAIRS = [  # a question, how both answers begin, the right end, an absurd one
    ("What is the capital of France?", "The capital of France is", "Paris", "a bicycle"),
    ("Which planet is the largest of the solar system?", "The largest planet is", "Jupiter", "the moon"),
    ("What do bees make?", "Bees make", "honey", "concrete"),
    ("How many legs does a spider have?", "A spider has", "eight legs", "nine hundred legs"),
    ("What freezes at zero degrees Celsius?", "At zero degrees Celsius it is", "water that freezes", "laughter that freezes"),
    ("Who wrote Romeo and Juliet?", "Romeo and Juliet was written by", "William Shakespeare", "a committee of penguins"),
    ("What colour is grass?", "Grass is", "green", "purple"),
    ("What is two plus two?", "Two plus two is", "four", "fish"),
    ("Where do fish live?", "Fish live in", "the water", "the clouds of Mars"),
    ("What do cows eat?", "Cows eat", "grass", "telephones"),
    ("Which animal barks?", "The animal that barks is the", "dog", "potato"),
    ("What is the opposite of hot?", "The opposite of hot is", "cold", "Tuesday"),
    ("What do we breathe?", "We breathe", "air", "bricks"),
    ("Which season comes after winter?", "After winter comes", "spring", "the ocean"),
    ("What is ice made of?", "Ice is made of", "frozen water", "wool"),
    ("How many days does a week have?", "A week has", "seven days", "ninety days"),
    ("What does a doctor do?", "A doctor treats", "sick people", "soup"),
    ("What does one write with on paper?", "One writes on paper with a", "pen", "waterfall"),
    ("Where does the sun rise?", "The sun rises in the", "east", "shoe"),
    ("What do plants need to grow?", "To grow, plants need", "light and water", "traffic jams"),
]


def asked() -> list[tuple[str, tuple[str, str]]]:
    """Questions, each with a right and an absurd answer, in sentences that begin alike."""
    return [(q, (f"{begin} {right}.", f"{begin} {wrong}.")) for q, begin, right, wrong in PAIRS]


def shown_to_judge(question: str, a: str, b: str) -> str:
    return f"Question: {question}\nAnswer A: {a}\nAnswer B: {b}\nWhich answer is better, A or B?"


def wilson(wins: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    p = wins / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def smollm_judges() -> tuple[list[str], list[str]]:
    """SmolLM2's verdicts on twenty pairs in both orders, and what of them is place and what is answer."""
    from ..models.language import score
    from ..models.smollm import chat, load
    model, tokenizer = load()
    prompts = [chat(tokenizer, shown_to_judge(q, *pair)) + tokenizer.encode("The better answer is")
               for q, (right, wrong) in asked() for pair in ((right, wrong), (wrong, right))]
    (a,), (b,) = tokenizer.encode(" A"), tokenizer.encode(" B")
    log_a, log_b = (score(model, tokenizer, [[letter]] * len(prompts), prompts) for letter in (a, b))
    d = np.array([float(x[0] - y[0]) for x, y in zip(log_a, log_b)])
    d = d.reshape(len(PAIRS), 2)
    bias, signal = (d[:, 0] + d[:, 1]) / 2, (d[:, 0] - d[:, 1]) / 2
    print(f"right answer first:  A preferred {int((d[:, 0] > 0).sum())} times of 20, d₁ = {d[:, 0].mean():+.2f}")
    print(f"right answer second: A preferred {int((d[:, 1] > 0).sum())} times of 20, d₂ = {d[:, 1].mean():+.2f}")
    print(f"bias   {bias.mean():+.2f} ± {bias.std(ddof=1):.2f}   (standard deviation over the twenty pairs)")
    print(f"signal {signal.mean():+.2f} ± {signal.std(ddof=1):.2f}")
    return (["A" if x > 0 else "B" for x in d[:, 0]], ["A" if x > 0 else "B" for x in d[:, 1]])


def smollm_likelihood() -> None:
    """How often the right answer is likelier per token after its question."""
    from ..models.language import score
    from ..models.smollm import load
    model, tokenizer = load()
    prompts = [f"Question: {q}\nAnswer:" for q, _ in asked() for _ in range(2)]
    texts = [f" {text}" for _, pair in asked() for text in pair]
    per_token = [float(s.mean()) for s in score(model, tokenizer, texts, prompts)]
    wins = sum(r > w for r, w in zip(per_token[::2], per_token[1::2]))
    low, high = wilson(wins, len(PAIRS))
    print(f"the right answer is likelier per token in {wins} of {len(PAIRS)} pairs, 95 % interval [{low:.2f}, {high:.2f}]")


# --- the widget ------------------------------------------------------------------------------------------------------

@figures.widget
def widget(elo_run: Callable, fit_bt: Callable) -> ipywidgets.Widget:
    """Elo and Bradley-Terry on four models, with a judge's bonus for the first place."""
    true = [150.0, 50.0, -50.0, -150.0]

    def draw(k: float, games: int, bonus: float, ties: float) -> tuple[Figure, str]:
        rng, made = np.random.default_rng(0), []
        for _ in range(games):
            a, b = sorted(rng.choice(4, 2, replace=False).tolist(), reverse=rng.random() < 0.2)  # the better mostly first
            p = 1 / (1 + math.exp(-((true[a] - true[b]) * math.log(10) / 400 + bonus)))
            made.append((a, b, 0.5 if rng.random() < ties else float(rng.random() < p)))
        elo = np.array([elo_run(4, [made[g] for g in rng.permutation(games)], k, 0.0) for _ in range(20)])
        bt = fit_bt(*columns(made), 4, 0.1)
        figure, ax = figures.subplots(figsize=(6, 2.9))
        for p in range(4):
            ax.hlines(true[p], p - 0.4, p + 0.4, color=figures.WRONG, label="" if p else "truth")
            ax.plot([p - 0.15] * 20, elo[:, p], ".", color=figures.CUT, label="" if p else "Elo, 20 orders")
            ax.plot(p + 0.15, bt[p], "o", color=figures.KEPT, label="" if p else "Bradley–Terry")
        ax.set_xticks(range(4), [f"model {p}" for p in range(4)])
        ax.set(ylabel="points", ylim=(-420, 420))
        ax.legend(fontsize=8)
        return figure, (f"Scatter of Elo over orders: {elo.std(0).mean():.0f} points. Off the truth: Elo "
                        f"{np.sqrt(((elo - true) ** 2).mean()):.0f}, Bradley–Terry {np.sqrt(((bt - true) ** 2).mean()):.0f}.")

    return figures.board({
        "k": ipywidgets.FloatSlider(32, min=1, max=64, step=1, description="K"),
        "games": ipywidgets.IntSlider(600, min=50, max=2000, step=50, description="games"),
        "bonus": ipywidgets.FloatSlider(0.0, min=0, max=2, step=0.1, description="bonus for first"),
        "ties": ipywidgets.FloatSlider(0.1, min=0, max=0.9, step=0.1, description="share of ties")}, draw)
