# %% [markdown]
# # 08 · Choosing an adaptation: prompt, RAG, LoRA or all weights
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - When is RAG better than LoRA, when is it the other way about, and when do you need both?
# - What does training cost in FLOP, hours, dollars and bytes? Why is LoRA not a hundred times cheaper?
# - What is a soft prompt, how many numbers does it train under GQA, and what does it cost at every query?
# - From which volume on does a fine-tune pay? What do prompt caches and retraining do to that?
# - How do you defend a recommendation in front of people who want another one?
#
# Nine exercises. The last is a recommendation with its arithmetic. It takes about three hours; the end of part 3
# is a good place to stop. It builds on products of tensors and on cross entropy. LoRA itself is section 04's, the
# memory of training on many GPUs section 10's, the size of a KV cache section 14's, retrieval section 03's.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** B sequences, T tokens, D width, L layers, K key/value heads of E numbers, n virtual tokens, N
# parameters. *GQA* (grouped-query attention): fewer key/value heads than query heads. *KV cache*: the keys and
# values kept for tokens already read. **Units.** 1 GB is 10⁹ bytes, 1 GiB is 2³⁰ bytes, BF16 is 2 bytes; 1 FLOP
# is one addition or multiplication. Money is in dollars; prices of tokens in dollars per million. All prices here
# are invented round numbers: put in your own.

# %% setup
import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course.check import check, committed, expect, fresh, predicted, raises, unchanged, value_and_grad
from course.models.shapes import SHAPES, Shape

torch.set_num_threads(1)
LLAMA_2_7B = Shape(32_000, 32, 4096, 32, 32, 128,
                   11_008)  # vocab, layers, width, heads, kv_heads, head_dim, hidden
TOY = Shape(11, 2, 6, 4, 2, 3, 10)
PRICES = {"input": 2.0, "cached": 0.2, "output": 8.0}  # dollars per million tokens, invented
A100 = 312e12  # FLOP a second at most, BF16 without sparsity: NVIDIA's data sheet

# %% tags=["picture"]
from course.sections import choosing_adaptation

# %% helper
### BEGIN HIDDEN TESTS
from fractions import Fraction


def drawn(*shape, seed, dtype=torch.float32):
    "Normal numbers of a seed of their own."
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def whole(values, on):
    "Whole numbers are ints, Python's or numpy's."
    for x in values:
        assert isinstance(x, (int, np.integer)) and not isinstance(x, bool), f"{on}: an int is asked for, got {x!r}"


def fraction_fresh(change, every, delay=0):
    "mean_fresh day by day, in fractions."
    left = 1 - Fraction(change)
    return float(sum(left ** (delay + j) for j in range(every)) / every)


def counted(params, layers, tokens, epochs, trained, lowest, checkpoint, keep):
    "train_flop layer by layer, in fractions."
    total = Fraction(0)
    for epoch in range(epochs):
        for layer in range(layers):
            one = 2 * Fraction(params) / layers * tokens
            if layer >= lowest:
                total += one * (2 + (trained == "all") + bool(checkpoint))
            elif not keep or epoch == 0:
                total += one
    return float(total)


def envelope(plans):
    "The lowest line between any two neighbouring crossings, in fractions."
    lines = {name: (Fraction(a), Fraction(b)) for name, (a, b) in plans.items()}
    stops = {Fraction(0)}
    for a, p in lines.values():
        for b, q in lines.values():
            if p != q and (b - a) / (p - q) > 0:
                stops.add((b - a) / (p - q))
    stops, path = sorted(stops), []
    for i, stop in enumerate(stops):
        inside = (stop + stops[i + 1]) / 2 if i + 1 < len(stops) else stop + 1
        best = min(lines, key=lambda name: lines[name][0] + inside * lines[name][1])
        if not path or path[-1][1] != best:
            path.append((float(stop), best))
    return path


def random_case(seed):
    "A case and its plans; every number is a float of few bits, so that sums are exact."
    rng = np.random.default_rng(seed)

    def pick(*of):
        return of[int(rng.integers(len(of)))]
    case = {"needs": pick([], ["facts"], ["style"], ["facts", "style"], ["style", "facts", "safety"]),
            "memory": pick(0, 24 * 10 ** 9, 80 * 10 ** 9),
            "change": pick(0.0, 0.0625, 0.25, 0.01), "floor": pick(0.0, 0.4, 0.7),
            "queries": pick(1, 50, 1000, 12_345.5),
            "days": pick(1, 7, 30, 365), "budget": pick(500.0, 20_000.0, 1e9)}
    plans = {}
    for i in range(int(rng.integers(0, 9))):
        plans[f"plan {i}"] = {"gives": [x for x in ("safety", "facts", "style") if rng.random() < 0.8],
                              "memory": pick(0, 0, 20 * 10 ** 9, 100 * 10 ** 9),
                              "setup": pick(0.0, 64.0, 1000.5), "daily": pick(0.0, 2.0, 48.0),
                              "refresh": pick(0.0, 8.0, 75.0),
                              "every": pick(None, 1, 2, 7, 30, 364, 365, 400),
                              "per_query": pick(0.0, 0.0009765625, 0.0078125, 0.03125),
                              "miss": pick(0.0, 0.125, 0.5, 1.0)}
    return case, plans


def judged(case, plans):
    "recommend, the days one by one; dollars in fractions."
    out = {"choice": None, "rejected": {}, "cost": {}, "share": {}, "flips": {}}
    exact = {}
    for name, p in plans.items():
        every = p["every"] if p["every"] is not None else case["days"]
        age, right = 0, []
        fixed = Fraction(p["setup"]) + case["days"] * Fraction(p["daily"])
        for day in range(case["days"]):
            if day and p["every"] is not None and day % every == 0:
                age, fixed = 0, fixed + Fraction(p["refresh"])
            right.append((1.0 - case["change"]) ** age)
            age += 1
        share = (1 - p["miss"]) * math.fsum(right) / case["days"]
        exact[name] = (fixed, Fraction(p["per_query"]) * case["days"])
        cost = fixed + exact[name][1] * Fraction(case["queries"])
        out["cost"][name], out["share"][name] = float(cost), float(share)
        if any(need not in p["gives"] for need in case["needs"]):
            out["rejected"][name] = "needs"
        elif p["memory"] > case["memory"]:
            out["rejected"][name] = "memory"
        elif "facts" in case["needs"] and share < case["floor"]:
            out["rejected"][name] = "freshness"
        elif cost > Fraction(case["budget"]):
            out["rejected"][name] = "budget"
        elif out["choice"] is None or cost < best:
            out["choice"], best = name, cost
    for name in plans:
        if name not in out["rejected"] and name != out["choice"]:
            (f, m), (g, k) = exact[out["choice"]], exact[name]
            at = (g - f) / (m - k) if m != k else None
            out["flips"][name] = float(at) if at is not None and at >= 0 else None
    return out
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Where does the knowledge go?
#
# A model can be adapted in three places. The place decides what can be changed there, how fast, and who pays.
#
# | place | methods | changes within | paid |
# |---|---|---|---|
# | the text it reads | prompt, examples, RAG | seconds | at every query |
# | vectors that it reads | soft prompt, prefix | hours | little at every query |
# | its weights | LoRA, all weights | hours to weeks | once, and again at each change |
#
# RAG (retrieval-augmented generation, section 03) puts found passages into the prompt. LoRA (section 04) leaves the
# weights alone and trains a small *adapter* beside each matrix: the product of two thin matrices of rank r.
#
# **Facts belong into the context** wherever they change, must be cited, must be deleted, or must not be seen by
# everybody. **Form belongs into the weights**: a tone, an output format, the way a profession talks, a skill with
# many examples, a long instruction that is sent a million times a day.
#
# **What the papers say.** Ovadia et al. (2023, arXiv 2312.05934): RAG consistently beat (unsupervised)
# fine-tuning at bringing in facts, old and new; the same fact in many wordings helped the fine-tune. Gekhman et
# al. (2024, arXiv 2405.05904): examples with facts new to the model are learnt more slowly, and once learnt they
# raise the tendency to hallucinate, in proportion.
#
# **The catch: it is no either-or.** A support assistant needs today's prices *and* the house's tone. RAFT (Zhang
# et al. 2024, arXiv 2403.10131) fine-tunes a model to read retrieved passages, useless ones among them. So a
# choice is a *set* of methods.
#
# **Find the faults.** The guide answers with this tree. There are three faults in it.
#
# ```
# def choose_method(use_case):
#     if use_case.needs_realtime_data:
#         return "RAG"
#     elif use_case.domain_adaptation and use_case.budget > "medium":
#         return "LoRA"
#     elif use_case.simple_task_adaptation:
#         return "P-Tuning / Prompt Tuning"
#     else:
#         return "Full Fine-Tuning (if data > 100K examples)"
# ```
#
# <details><summary>The faults</summary>
#
# 1. `"high" > "medium"` is False, `"small" > "medium"` is True: Python compares strings letter by letter. The
#    budget never decides what it should.
# 2. The first match wins: fresh data *and* a domain's language can only get "RAG".
# 3. Whoever needs nothing falls through to the dearest method of all. The condition in its brackets is a comment
#    that no line checks. The right default is the cheapest: a prompt.
#
# </details>
#
# ### Exercise 08.1 · choose_methods
#
# `choose_methods(case)` gives the **set of methods** that a first proposal has. A case is a dict with these keys,
# all of them always there:
#
# | key | what |
# |---|---|
# | `"fact_tokens"` | tokens of all facts that the answers need and the model does not know; an int ≥ 0 |
# | `"room"` | tokens of each prompt that are free for facts; an int ≥ 0 |
# | `"style"` | `"none"`; `"simple"`: one narrow task; `"domain"`: a whole field's language |
# | `"examples"` | training examples at hand; an int ≥ 0 |
# | `"budget"` | `"low"`, `"medium"` or `"high"`, in this order |
# | `"hardware"` | whether GPUs for training all weights are there: a bool |
#
# The rules (the thresholds are the course's rules of thumb, not laws):
#
# | method | is in the set when |
# |---|---|
# | `"prompt"` | always |
# | `"rag"` | the facts do not fit into the room; if they fit exactly, the prompt holds them |
# | `"full"` | style `"domain"`, at least 100,000 examples, budget `"high"`, and the hardware |
# | `"lora"` | style `"domain"`, at least 200 examples, a budget of at least `"medium"`; not beside `"full"` |
# | `"soft prompt"` | style `"simple"` or `"domain"`, at least 50 examples; not beside `"lora"` or `"full"` |
#
# - A budget or a style that stands in neither list raises ValueError, whether it would have mattered or not.
# - The case is not changed. The answer is a set of strings.
#
# Source: own rules, in place of the guide's tree.

# %% stub="choose_methods"
def choose_methods(case: Mapping) -> set[str]:
    """The methods of a first proposal.

    9,000 tokens of facts, room for 2,000, style "domain", 500 examples, budget "medium": {"prompt", "rag", "lora"}.
    """
    ### BEGIN SOLUTION
    budgets, styles = ["low", "medium", "high"], ["none", "simple", "domain"]
    if case["budget"] not in budgets or case["style"] not in styles:
        raise ValueError(f"no such budget or style: {case['budget']!r}, {case['style']!r}")
    money, examples = budgets.index(case["budget"]), case["examples"]
    chosen = {"prompt"}
    if case["fact_tokens"] > case["room"]:
        chosen.add("rag")
    if case["style"] == "domain" and examples >= 100_000 and money == 2 and case["hardware"]:
        chosen.add("full")
    elif case["style"] == "domain" and examples >= 200 and money >= 1:
        chosen.add("lora")
    elif case["style"] != "none" and examples >= 50:
        chosen.add("soft prompt")
    return chosen
    ### END SOLUTION
    raise NotImplementedError("choose_methods")

# %% [markdown] hints="choose_methods"
# <details><summary>Hint 1: a question</summary>
#
# Which of the five rules exclude each other, and which hold side by side?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Style "domain", 120,000 examples, budget "high", no hardware, no facts: not "full", for want of hardware. "lora"
# asks for 200 examples and "medium": both are there. {"prompt", "lora"}. With budget "low": {"prompt", "soft
# prompt"}.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# `max("low", "medium", "high")` is "medium". A budget has to become a place in an order before it can be
# compared, and a misspelt one has no place.
#
# </details>

# %% graded="choose_methods__single" points=1
# Looks at one need at a time, and at none.
base = {"fact_tokens": 0, "room": 2000, "style": "none", "examples": 0, "budget": "low", "hardware": False}
check(choose_methods, base, want={"prompt"}, why="nothing is needed: a prompt will do",
      mistakes={"whoever needs nothing gets the dearest method": {"full"}})
check(choose_methods, base | {"fact_tokens": 2001}, want={"prompt", "rag"}, why="2,001 tokens, room for 2,000")
check(choose_methods, base | {"style": "domain", "examples": 500, "budget": "high"}, want={"prompt", "lora"},
      why="a high budget is at least a medium one",
      mistakes={"budgets were compared as strings": {"prompt", "soft prompt"}})
### BEGIN HIDDEN TESTS
check(choose_methods, base | {"fact_tokens": 2000}, want={"prompt"}, why="what fits exactly is in the prompt")
check(choose_methods, base | {"fact_tokens": 1, "room": 0}, want={"prompt", "rag"}, why="no room at all")
check(choose_methods, base | {"fact_tokens": 0, "room": 0}, want={"prompt"}, why="no facts")
check(choose_methods, base | {"style": "simple", "examples": 50}, want={"prompt", "soft prompt"},
      why="50 are enough")
check(choose_methods, base | {"style": "simple", "examples": 49}, want={"prompt"}, why="49 are not")
check(choose_methods, base | {"style": "simple", "examples": 10 ** 6, "budget": "high", "hardware": True},
      want={"prompt", "soft prompt"}, why="one narrow task needs no more, whatever one could afford")
check(choose_methods, base | {"examples": 10 ** 6, "budget": "high", "hardware": True}, want={"prompt"},
      why="examples, money and hardware are no need")
check(choose_methods, base | {"style": "domain", "examples": 200, "budget": "medium"}, want={"prompt", "lora"},
      why="200 examples and medium are enough")
check(choose_methods, base | {"style": "domain", "examples": 199, "budget": "medium"},
      want={"prompt", "soft prompt"},
      why="199 are not enough for lora, and enough for a soft prompt")
check(choose_methods, base | {"style": "domain", "examples": 100_000, "budget": "high", "hardware": True},
      want={"prompt", "full"}, why="100,000 are enough, and lora does not stand beside it")
### END HIDDEN TESTS

# %% graded="choose_methods__together" points=2
# Looks at every combination of needs, data, money and hardware.
base = {"fact_tokens": 9000, "room": 2000, "style": "domain", "examples": 500, "budget": "medium",
        "hardware": False}
check(choose_methods, base, want={"prompt", "rag", "lora"}, why="facts and style are two needs",
      mistakes={"the first match won": {"rag"}, "the first match won, beside the prompt": {"prompt", "rag"}})
### BEGIN HIDDEN TESTS
for facts in (0, 1999, 2000, 2001, 10 ** 7):
    for style in ("none", "simple", "domain"):
        for examples in (0, 49, 50, 199, 200, 99_999, 100_000, 3_000_000):
            for rank, budget in enumerate(("low", "medium", "high")):
                for hardware in (False, True):
                    tuned = []
                    if style == "domain" and examples >= 200 and rank:
                        tuned = ["full" if rank > 1 and examples > 99_999 and hardware else "lora"]
                    elif style in ("simple", "domain") and examples > 49:
                        tuned = ["soft prompt"]
                    case = {"fact_tokens": facts, "room": 2000, "style": style, "examples": examples,
                            "budget": budget, "hardware": hardware}
                    if (facts + examples + rank) % 3 == 0 or facts == 2001:
                        check(choose_methods, case, want={"prompt", *tuned, *(["rag"] if facts > 2000 else [])},
                              why="each need for itself")
### END HIDDEN TESTS

# %% graded="choose_methods__errors" points=1
# Looks at budgets and styles that do not exist; the case stays what it was.
base = {"fact_tokens": 0, "room": 10, "style": "none", "examples": 0, "budget": "huge", "hardware": False}
raises(ValueError, choose_methods, base, why="there is no budget 'huge'; 'huge' > 'high' is True, too")
unchanged(choose_methods, base | {"budget": "low", "fact_tokens": 11}, want={"prompt", "rag"})
### BEGIN HIDDEN TESTS
for budget in ("unlimited", "small", "LOW", "", "medium "):
    raises(ValueError, choose_methods, base | {"budget": budget},
           why="no such budget, though no method needs money")
    raises(ValueError, choose_methods, base | {"budget": budget, "style": "domain", "examples": 500},
           why="no such budget")
for style in ("tone", "Domain", "", "simple task"):
    raises(ValueError, choose_methods, base | {"budget": "low", "style": style},
           why="no such style, though no example")
unchanged(choose_methods, {"fact_tokens": 30, "room": 20, "style": "domain", "examples": 250_000,
                           "budget": "high",
                           "hardware": True}, want={"prompt", "rag", "full"})
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.proposals(choose_methods)

# %% [markdown]
# Your function over money and examples, for one case with facts beyond the room and a domain's style. RAG stands
# in every field: no budget makes facts fresh in the weights. Only one corner of the picture trains all weights.

# %% [markdown]
# ## 2 · Soft prompts: vectors instead of words
#
# Between text and weights lies a third place. A *virtual token* is a vector that is trained as a weight is, and
# stands in the sequence as a token does. The model stays frozen. There are four ways to have n of them:
#
# | method | what is trained | what is kept for use |
# |---|---|---|
# | prompt tuning (Lester et al. 2021, arXiv 2104.08691) | n vectors of width D before the embeddings | the same |
# | P-tuning (Liu et al. 2021, arXiv 2103.10385) | n vectors, and a small network that they go through | its n outputs |
# | prefix tuning (Li and Liang 2021, arXiv 2101.00190), P-tuning v2 | n keys and n values in every layer | the same |
# | prefix tuning through a network | a table, and a network that makes the keys and values | its outputs |
#
# The network makes training steadier; afterwards it is run once and thrown away. "P-tuning trains 0.01 % of the
# parameters" says nothing, then: *which* P-tuning, and how many virtual tokens? On Llama-2-7B with n = 20: a
# prompt trains 81,920 numbers, 0.0012 %; a prefix 5,242,880, 0.078 %.
#
# **"For simple tasks only"?** For the one at the input, on models of ordinary size, that is the finding. P-tuning
# v2 (Liu et al. 2021, arXiv 2110.07602), with vectors in every layer, reports results like those of full
# fine-tuning at many sizes with 0.1 to 3 % of the parameters. And Lester et al. report that at the input alone the
# gap closes, too, once models exceed billions of parameters.
#
# **The catch: it is not free at use.** LoRA can be merged and then costs nothing (section 04). Virtual tokens sit
# in the context at every query: they take positions, they take cache, every later token attends to them.
#
# **The catch in the formula.** A key has as many numbers as the *key/value* heads hold together, $K \cdot E$, and
# under GQA that is not the width. For Llama-3-8B it is 1,024 and not 4,096.
#
# ### Exercise 08.2 · soft_params
#
# `soft_params(method, shape, n, hidden=None)` gives a dict of three ints. `shape` is a `Shape` of
# `course/models/shapes.py`; of it you need `layers` (L), `width` (D), `kv_heads` (K) and `head_dim` (E). Let
# $d = K \cdot E$. Every linear layer has weights and a bias.
#
# | method | `"trained"`: numbers that are trained |
# |---|---|
# | `"prompt"` | n vectors of D |
# | `"p-tuning"` | n vectors of D, and three linear layers: D to `hidden`, `hidden` to `hidden`, `hidden` to D |
# | `"prefix"` | n keys and n values of d in each layer |
# | `"prefix-mlp"` | n vectors of d, and two linear layers: d to `hidden`, `hidden` to $2 \cdot L \cdot d$ |
#
# - `"stored"`: numbers that have to be kept after training; no network among them.
# - `"cache"`: bytes of KV cache, at 2 bytes a number, that the n virtual tokens take in each sequence. It is the
#   same for all four: a vector at the input leaves a key and a value in every layer as any token does.
# - n ≥ 1. `hidden` is an int ≥ 1 for the two methods with a network, and ignored by the others. Any other method
#   raises ValueError.
#
# Source: the four papers; `PromptEncoder` and `PrefixEncoder` of peft 0.21.2, which count the same.

# %% stub="soft_params"
def soft_params(method: str, shape: Shape, n: int, hidden: int | None = None) -> dict[str, int]:
    """Numbers trained, numbers stored, bytes of cache, of n virtual tokens.

    TOY has 2 layers, width 6, 2 key/value heads of 3: prefix, n = 5: 5 * 2 * 2 * 6 = 120 trained, 120 stored, 240 bytes.
    """
    ### BEGIN SOLUTION
    D, d = shape.width, shape.kv_heads * shape.head_dim
    keys_and_values = 2 * shape.layers * d  # of one token
    kept = n * (D if method in ("prompt", "p-tuning") else keys_and_values)
    if method in ("prompt", "prefix"):
        trained = kept
    elif method == "p-tuning":
        trained = n * D + (D + 1) * hidden + (hidden + 1) * hidden + (hidden + 1) * D
    elif method == "prefix-mlp":
        trained = n * d + (d + 1) * hidden + (hidden + 1) * keys_and_values
    else:
        raise ValueError(f"no method {method!r}")
    return {"trained": trained, "stored": kept, "cache": 2 * n * keys_and_values}
    ### END SOLUTION
    raise NotImplementedError("soft_params")

# %% [markdown] hints="soft_params"
# <details><summary>Hint 1: a question</summary>
#
# After training, the input of P-tuning's network never changes. What does its output do?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `TOY`, n = 5, hidden = 4, so D = 6 and d = 2 · 3 = 6, by chance. P-tuning: 30 + (6 · 4 + 4) + (4 · 4 + 4) + (4 ·
# 6 + 6) = 108 trained, 30 stored. Prefix through a network: 30 + (6 · 4 + 4) + (4 · 24 + 24) = 178 trained, 120
# stored.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Chance makes D and d equal in a toy and under multi-head attention. Count once for a shape in which they differ.
#
# </details>

# %% graded="soft_params__trained" points=2
# Looks at the trained numbers of the four methods, under GQA too.
check(soft_params, "prefix", TOY, 5, want={"trained": 120, "stored": 120, "cache": 240},
      why="5 * 2 * 2 layers * 6",
      mistakes={"keys without values": {"trained": 60, "stored": 60, "cache": 120},
                "as many heads as queries have": {"trained": 240, "stored": 240, "cache": 480}})
for method, shape, hidden, want in [("prompt", LLAMA_2_7B, None, 81_920), ("prefix", LLAMA_2_7B, None, 5_242_880),
                                    ("p-tuning", TOY, 4, 108), ("prefix-mlp", TOY, 4, 178)]:
    got = soft_params(method, shape, 5 if hidden else 20, hidden)["trained"]
    assert got == want, f"{method}: expected {want:,} trained numbers, got {got:,}"
### BEGIN HIDDEN TESTS
def network(*sizes):
    "Numbers of linear layers one behind the other, biases included."
    return sum(torch.empty(b, a, device="meta").numel() + b for a, b in zip(sizes, sizes[1:]))

ODD = Shape(13, 3, 10, 5, 1, 4, 7)  # heads * head_dim is not the width
for shape in (TOY, ODD, LLAMA_2_7B, SHAPES["Llama-3-8B"], SHAPES["Qwen3-0.6B"], SHAPES["SmolLM2-135M"]):
    D, d, L = shape.width, shape.kv_heads * shape.head_dim, shape.layers
    for n, hidden in [(1, 1), (7, 12), (20, 128), (100, 1000), (2049, 513)]:
        for method, want in [("prompt", n * D), ("p-tuning", n * D + network(D, hidden, hidden, D)),
                             ("prefix", sum(2 * n * d for _ in range(L))),
                             ("prefix-mlp", n * d + network(d, hidden, 2 * L * d))]:
            got = soft_params(method, shape, n, hidden)
            whole(got.values(), f"soft_params({method!r}, n={n})")
            assert got["trained"] == want, (f"{method}, n = {n}, hidden = {hidden}, {shape}: "
                                            f"expected {want:,} trained, got {got['trained']:,}")
    assert soft_params("prefix", shape, 3)["trained"] == 6 * d * L, "hidden=None is fine without a network"
### END HIDDEN TESTS

# %% graded="soft_params__use" points=2
# Looks at what is stored and what the cache takes; unknown methods.
for method, want in [("p-tuning", {"trained": 108, "stored": 30, "cache": 240}),
                     ("prefix-mlp", {"trained": 178, "stored": 120, "cache": 240})]:
    check(soft_params, method, TOY, 5, 4, want=want, why="the network is not needed after training")
raises(ValueError, soft_params, "lora", TOY, 5, 4, why="LoRA has no virtual tokens")
### BEGIN HIDDEN TESTS
ODD = Shape(13, 3, 10, 5, 1, 4, 7)
for shape in (ODD, LLAMA_2_7B, SHAPES["Llama-3-70B"], SHAPES["Qwen3-0.6B"]):
    for n in (1, 9, 300):
        pair = 2 * shape.layers * shape.kv_heads * shape.head_dim
        for method in ("prompt", "p-tuning", "prefix", "prefix-mlp"):
            got = soft_params(method, shape, n, 6)
            assert set(got) == {"trained", "stored", "cache"}, f"expected three keys, got {sorted(got)}"
            want = n * (shape.width if method in ("prompt", "p-tuning") else pair)
            assert got["stored"] == want, f"{method}, n = {n}: expected {want:,} stored, got {got['stored']:,}"
            assert got["cache"] == 2 * n * pair, (f"{method}, n = {n}: expected {2 * n * pair:,} bytes of cache, "
                                                  f"got {got['cache']:,}")
for method in ("", "Prompt", "prompt-tuning", "prefix-tuning", "p-tuning v2", "mlp"):
    raises(ValueError, soft_params, method, TOY, 5, 4, why="no such method")
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.virtual_tokens(soft_params, LLAMA_2_7B)

# %% [markdown]
# Left: trained numbers by your function, beside those of a LoRA that section 04 counts (r = 16 on all matrices).
# With a network of 512, P-tuning trains more than fifty times what it keeps: the grey part is thrown away. Right:
# what the virtual tokens take of the cache, whichever method trained them.
#
# ### Exercise 08.3 · with_soft_prompt
#
# Two functions turn a batch into one with a soft prompt, and its logits into a loss.
#
# `with_soft_prompt(E, P, mask, labels)` puts n vectors before every sequence: E (B, T, D), here the embeddings, P
# (n, D), `mask` (B, T), True at real tokens, `labels` (B, T) of int64: at each place **its own** token's id, or
# −100 where nothing is asked. Padding may stand anywhere: left, right, both, between. It gives a tuple of four:
#
# - `x` (B, n + T, D): P first, before padding too, then E. In E's dtype: P may be float32 while E is in half
#   precision.
# - `mask` (B, n + T), bool: the virtual tokens are real.
# - `pos` (B, n + T), int64: virtual token i stands at position i; the real tokens count on from n, without
#   counting padding; a padding place has position 0.
# - `labels` (B, n + T), int64: −100 at virtual tokens, and at padding **whatever the caller left there**.
# - n = 0 is allowed. Gradients reach P, from all sequences together, and E. All four are new memory; no argument
#   changes.
#
# `soft_loss(logits, labels)`: logits (B, S, V) after each place, labels (B, S) as above; the mean cross entropy
# of all asked tokens of the batch, in nats, a tensor without dimensions. The logits at place i are the guess for
# place i + 1, so the last virtual token guesses the first real one. The mean is over tokens, not over rows. At
# least one place after the first is asked; a label at place 0 has no guess and does not count. −100 is the only
# id that is not asked. Logits may lie thousands apart. Half precision is computed in float32; the answer is
# float32, for float64 float64. Gradients reach the logits.
#
# Source: Lester et al. 2021, section 2; the shift is that of every causal language model.

# %% stub="with_soft_prompt"
def with_soft_prompt(E: Float[Tensor, "B T D"], P: Float[Tensor, "n D"], mask: Bool[Tensor, "B T"],
                     labels: Int[Tensor, "B T"]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Embeddings, mask, positions and labels with n virtual tokens before each sequence.

    n = 1, one row with mask [False, True, True] and labels [7, 8, 9]: mask [True, False, True, True], positions
    [0, 0, 1, 2], labels [-100, -100, 8, 9].
    """
    ### BEGIN SOLUTION
    B, n = len(E), len(P)
    x = torch.cat([P.to(E.dtype).expand(B, -1, -1), E], dim=1)
    front = torch.ones(B, n, dtype=torch.bool, device=mask.device)
    seen = torch.cat([front, mask], dim=1)
    pos = (seen.long().cumsum(1) - 1) * seen
    asked = torch.cat([labels.new_full((B, n), -100), labels.masked_fill(~mask, -100)], dim=1)
    return x, seen, pos, asked
    ### END SOLUTION
    raise NotImplementedError("with_soft_prompt")


def soft_loss(logits: Float[Tensor, "B S V"], labels: Int[Tensor, "B S"]) -> Float[Tensor, ""]:
    """The mean cross entropy of the asked tokens, each guessed from the place before.

    logits [[[0, 0], [9, 0]]], labels [[-100, 1]]: the guess for place 1 is [0, 0]: ln 2 = 0.693.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(logits.dtype, torch.float32)
    guess, want = logits[:, :-1].to(wide), labels[:, 1:]
    asked = want != -100
    logp = guess.log_softmax(-1).gather(-1, want.clamp(min=0)[..., None])[..., 0]
    return -logp[asked].mean()
    ### END SOLUTION
    raise NotImplementedError("soft_loss")

# %% [markdown] hints="with_soft_prompt"
# <details><summary>Hint 1: a question</summary>
#
# A causal model guesses place i + 1 from place i. Which place guesses the first real token, and is that guess
# asked?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# n = 2, one row with mask [F, T, T, F]: the new mask is [T, T, F, T, T, F]. Counting the Trues as one goes gives
# 1, 2, 2, 3, 4, 4. Positions are [0, 1, 0, 2, 3, 0].
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Two short rows and one long one: the mean of three row means weighs the tokens of a short row more. And a tensor
# that was only expanded shows the same memory in each row.
#
# </details>

# %% graded="with_soft_prompt__parts" points=3
# Looks at embeddings, mask, positions and labels, with padding on either side.
E, P = torch.tensor([[[5.0], [6.0], [7.0]]]), torch.tensor([[1.0], [2.0]])
F_, T_ = False, True
check(with_soft_prompt, E, P, torch.tensor([[F_, T_, T_]]), torch.tensor([[4, 8, 9]]),
      want=(torch.tensor([[[1.0], [2.0], [5.0], [6.0], [7.0]]]), torch.tensor([[T_, T_, F_, T_, T_]]),
            torch.tensor([[0, 1, 0, 2, 3]]), torch.tensor([[-100, -100, -100, 8, 9]])),
      why="padding takes no position and is not asked",
      mistakes={"positions count padding": (torch.tensor([[[1.0], [2.0], [5.0], [6.0], [7.0]]]),
                                            torch.tensor([[T_, T_, F_, T_, T_]]), torch.tensor([[0, 1, 2, 3, 4]]),
                                            torch.tensor([[-100, -100, -100, 8, 9]])),
                "a label left at padding is asked": (torch.tensor([[[1.0], [2.0], [5.0], [6.0], [7.0]]]),
                                                     torch.tensor([[T_, T_, F_, T_, T_]]),
                                                     torch.tensor([[0, 1, 0, 2, 3]]),
                                                     torch.tensor([[-100, -100, 4, 8, 9]]))})
### BEGIN HIDDEN TESTS
def joined(E, P, mask, labels):
    "with_soft_prompt, place by place."
    n, x, seen, pos, asked = len(P), [], [], [], []
    for row, marks, ids in zip(E.tolist(), mask.tolist(), labels.tolist()):
        count = 0
        for i in range(n + len(row)):
            real = i < n or marks[i - n]
            x.append(P[i].tolist() if i < n else row[i - n])
            seen.append(real)
            pos.append(count if real else 0)
            asked.append(ids[i - n] if i >= n and real else -100)
            count += real
    B, T, D = E.shape
    return (torch.tensor(x, dtype=E.dtype).view(B, n + T, D), *(torch.tensor(y).view(B, n + T) for y in (seen, pos, asked)))

for seed, (B, T, D, n) in enumerate([(1, 1, 1, 1), (3, 7, 5, 2), (2, 4, 3, 0), (4, 6, 8, 11), (2, 300, 2, 40),
                                     (2, 3, 4, 290), (1, 3001, 1, 2)]):
    for dtype in (torch.float32, torch.float64):
        g = torch.Generator().manual_seed(seed)
        mask = torch.rand(B, T, generator=g) < 0.7
        mask[:, T // 2] = True
        labels = torch.randint(0, 9, (B, T), generator=g)
        labels[torch.rand(B, T, generator=g) < 0.2] = -100
        args = drawn(B, T, D, seed=seed, dtype=dtype), drawn(n, D, seed=seed + 9, dtype=dtype), mask, labels
        check(with_soft_prompt, *args, want=joined(*args), rtol=0, atol=0,
              why="P first, padding neither counted nor asked")
E, P = drawn(5, 3, 4, seed=1).transpose(0, 1), drawn(4, 2, seed=2).T  # nothing is contiguous
mask, labels = torch.rand(5, 3, generator=torch.Generator().manual_seed(3)).T < 0.6, torch.arange(15).view(5, 3).T
check(with_soft_prompt, E, P, mask, labels, want=joined(E, P, mask, labels), rtol=0, atol=0,
      why="strided arguments are valid")
for mask in (torch.zeros(2, 4, dtype=torch.bool), torch.ones(2, 4, dtype=torch.bool)):
    args = drawn(2, 4, 3, seed=5), drawn(3, 3, seed=6), mask, torch.zeros(2, 4, dtype=torch.long)
    check(with_soft_prompt, *args, want=joined(*args), rtol=0, atol=0,
          why="a row may be padding only; id 0 is an id")
for dtype in (torch.float16, torch.bfloat16):
    args = drawn(2, 4, 3, seed=5).to(dtype), drawn(3, 3, seed=6), torch.ones(2, 4).bool(), torch.zeros(2, 4).long()
    check(with_soft_prompt, *args, want=joined(*args), rtol=0, atol=0, why="P may be float32: x has E's dtype")
### END HIDDEN TESTS

# %% graded="with_soft_prompt__loss" points=3
# Looks at soft_loss: the shift, what is asked, the mean over tokens, half precision.
check(soft_loss, torch.tensor([[[0.0, 0.0], [9.0, 0.0]]]), torch.tensor([[-100, 1]]),
      want=torch.tensor(math.log(2.0)),
      why="place 0 guesses place 1", mistakes={"no shift": torch.tensor(9.000123)})
check(soft_loss, torch.tensor([[[0.0, 0.0]] * 4, [[1.0, 0.0]] * 4]),
      torch.tensor([[-100, 0, 1, 0], [-100, -100, 1, -100]]),
      want=torch.tensor((3 * math.log(2.0) + math.log(1 + math.e)) / 4), why="four tokens are asked",
      mistakes={"the mean of the rows' means": torch.tensor((math.log(2.0) + math.log(1 + math.e)) / 2)})
### BEGIN HIDDEN TESTS
def asked_loss(logits, labels):
    "soft_loss token by token, in float64."
    losses = []
    for row, want in zip(logits.double(), labels.tolist()):
        for i in range(1, len(want)):
            if want[i] != -100:
                losses.append(torch.logsumexp(row[i - 1], 0) - row[i - 1, want[i]])
    return torch.stack(losses).mean()

for seed, (B, S, V, size) in enumerate([(1, 2, 3, 1.0), (3, 7, 5, 2.0), (2, 9, 300, 30.0), (5, 4, 2, 900.0)]):
    g = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, V, (B, S), generator=g)
    labels[torch.rand(B, S, generator=g) < 0.4] = -100
    labels[0, -1], labels[0, 0], labels[-1, 1] = 0, 1, V - 1
    for dtype in (torch.float32, torch.float64):
        logits = size * drawn(B, S, V, seed=seed, dtype=dtype)
        tolerance = 1e-4 if dtype == torch.float32 else 1e-9
        check(soft_loss, logits, labels, want=asked_loss(logits, labels).to(dtype), rtol=tolerance,
              atol=tolerance,
              why="the mean over the asked tokens, each guessed from the place before")
        far = logits.mT.contiguous().mT
        check(soft_loss, far, labels, want=asked_loss(far, labels).to(dtype), rtol=tolerance, atol=tolerance,
              why="strided logits are valid")
    for dtype in (torch.float16, torch.bfloat16):
        logits = (size / 30 * drawn(B, S, V, seed=seed)).to(dtype)
        check(soft_loss, logits, labels, want=asked_loss(logits, labels).float(), rtol=1e-4, atol=1e-5,
              why="half precision: float32 inside, and a float32 answer")
logits = drawn(2, 400, 3, seed=8)
labels = torch.arange(800).view(2, 400) % 3
check(soft_loss, logits, labels, want=asked_loss(logits, labels).float(), rtol=1e-4, atol=1e-5,
      why="every place is asked")
logits = torch.tensor([[[-torch.inf, 0.0, 1.0], [0.0, 2.0, -torch.inf], [0.0, 0.0, 0.0]]])
check(soft_loss, logits, torch.tensor([[2, 1, 0]]), want=asked_loss(logits, torch.tensor([[2, 1, 0]])).float(),
      rtol=1e-5,
      why="-inf at another id is a probability of 0")
### END HIDDEN TESTS

# %% graded="with_soft_prompt__gradient" points=2
# Looks at the gradients of P, E and the logits.
E, P = torch.ones(3, 2, 1), torch.tensor([[1.0], [2.0]])
mask, labels = torch.ones(3, 2).bool(), torch.zeros(3, 2).long()
_, (of_E, of_P) = value_and_grad(with_soft_prompt, E, P, mask, labels, wrt=(0, 1), output=0)
expect(of_P, torch.full((2, 1), 3.0), on="the gradient of P under the sum of x, 3 rows",
       why="the same vectors stand before every row: their gradients add up")
expect(of_E, torch.ones(3, 2, 1), on="the gradient of E under the sum of x")
### BEGIN HIDDEN TESTS
for B, T, D, n in [(5, 3, 4, 2), (2, 6, 3, 7)]:
    args = drawn(B, T, D, seed=1, dtype=torch.float64), drawn(n, D, seed=2, dtype=torch.float64)
    _, (of_E, of_P) = value_and_grad(with_soft_prompt, *args, torch.ones(B, T).bool(), torch.zeros(B, T).long(),
                                     wrt=(0, 1), output=0)
    expect(of_P, torch.full((n, D), float(B), dtype=torch.float64), on=f"the gradient of P, {B} rows")
    expect(of_E, torch.ones(B, T, D, dtype=torch.float64), on="the gradient of E")
args = drawn(3, 2, 4, seed=3).bfloat16(), drawn(5, 4, seed=4)
_, (of_P,) = value_and_grad(with_soft_prompt, *args, torch.ones(3, 2).bool(), torch.zeros(3, 2).long(), wrt=(1,),
                            output=0)
expect(of_P, torch.full((5, 4), 3.0), on="the gradient of a float32 P beside E in bfloat16")
for seed, (B, S, V) in enumerate([(2, 3, 4), (3, 5, 7)]):
    logits, labels = drawn(B, S, V, seed=seed, dtype=torch.float64), torch.arange(B * S).view(B, S) % V
    labels[1, 1:3] = -100
    _, (got,) = value_and_grad(soft_loss, logits, labels, wrt=(0,))
    want = torch.zeros_like(logits)
    asked = [(b, i) for b in range(B) for i in range(S - 1) if labels[b, i + 1] != -100]
    for b, i in asked:
        want[b, i] = logits[b, i].softmax(-1) / len(asked)
        want[b, i, labels[b, i + 1]] -= 1 / len(asked)
    expect(got, want, on="the gradient of soft_loss", rtol=1e-8, atol=1e-10,
           why="(softmax - one hot) / asked tokens, one place earlier")
### END HIDDEN TESTS

# %% graded="with_soft_prompt__memory" points=1
# Looks at the arguments after the call, and whose memory the answers are.
E, P = torch.tensor([[[5.0], [6.0]], [[7.0], [8.0]]]), torch.tensor([[1.0]])
mask, labels = torch.tensor([[False, True], [True, True]]), torch.tensor([[3, 4], [5, 6]])
want = (torch.tensor([[[1.0], [5.0], [6.0]], [[1.0], [7.0], [8.0]]]),
        torch.tensor([[True, False, True], [True, True, True]]),
        torch.tensor([[0, 0, 1], [0, 1, 2]]), torch.tensor([[-100, -100, 4], [-100, 5, 6]]))
unchanged(with_soft_prompt, E, P, mask, labels, want=want)
fresh(with_soft_prompt, E, P, mask, labels, want=want)
### BEGIN HIDDEN TESTS
empty = (E, torch.ones(2, 2).bool(), torch.tensor([[0, 1], [0, 1]]), labels)
fresh(with_soft_prompt, E, P[:0], torch.ones(2, 2).bool(), labels, want=empty, why="n = 0: still new memory")
unchanged(with_soft_prompt, E, P[:0], torch.ones(2, 2).bool(), labels, want=empty)
logits, labels = drawn(2, 3, 4, seed=1), torch.tensor([[0, 1, -100], [-100, 2, 3]])
want = torch.nn.functional.cross_entropy(logits[:, :-1].mT, labels[:, 1:])
unchanged(soft_loss, logits, labels, want=want, rtol=1e-4, atol=1e-5)
### END HIDDEN TESTS

# %% [markdown]
# ### Soft prompt against LoRA, on a real model
#
# SmolLM2 shall answer like a pirate (a hundred lines of ours, as in section 04). Two ways with **the same number
# of trained numbers**, 5,760, and the same number of steps, ten: ten virtual tokens through your functions, and a
# LoRA of rank 1 on the queries of the last five layers. They do not begin alike: the virtual tokens begin as the
# embeddings of ten tokens, "Answer like an old pirate, in one short sentence", the LoRA at zero. The table's "nats
# before" is the model without either. About 20 and 10 seconds. The learning rates were found by hand.

# %% tags=["real"]
from course.models.smollm import attempt, load

with attempt():
    smollm, tokenizer = load()
    soft = choosing_adaptation.learn_soft(smollm, tokenizer, with_soft_prompt, soft_loss)

# %% tags=["real"]
with attempt():
    choosing_adaptation.learn_lora(smollm, tokenizer, soft_loss, soft)

# %% [markdown]
# Read the table for three things: the loss on lines that neither has seen, the seconds a step takes, and why: the
# gradient of a soft prompt has to come down through all thirty layers, that of the LoRA through five, and what
# lies below those is computed once, for the seconds in the line above. How much of the soft prompt's gain is the
# training's, how much is the ten tokens'? The first cell tells. One seed, one task, one size of model, unlike
# beginnings: it says what each step costs, and not which method is better.

# %% [markdown]
# ## 3 · What training costs
#
# **Work.** A linear layer does 2 FLOP per parameter and token in the forward pass. The backward pass computes two
# things, 2 FLOP each: the gradient of its *input*, which goes on to the layers below, and the gradient of its
# *weights*. So training all N parameters costs about $6N$ a token. An adapter needs no gradient of the frozen
# weights. But it needs the gradient of the inputs, because the adapters below hear of the loss through them:
# $4N$. (Attention's own products and the adapters are left out, the embedding is counted like any layer, and the
# lowest trained layer is, too, though nobody needs the gradient of its input.)
#
# $$\text{hours} = \frac{\text{FLOP}}{\text{GPUs} \cdot \text{peak} \cdot \text{MFU} \cdot 3600}$$
#
# MFU (model FLOP utilisation, section 10) is the share of the peak that is reached. We take 0.4.
#
# **The catch: "LoRA costs 50 to 100 dollars, full fine-tuning 5,000 to 10,000".** So says the guide of a 70B
# model. At 2 dollars an hour for an A100 and an MFU of 0.4, 50 to 100 dollars buy 25 to 50 hours: 40 to 80
# million tokens of LoRA. 5,000 to 10,000 dollars buy 2.7 to 5.3 *billion* tokens of full training. Two data sets
# were compared, not two methods. **For equal tokens the ratio is 1.5.** What differs is memory, and with it the
# number of GPUs that must stand together.
#
# **What lowers the work.** Nothing needs a gradient below the lowest trained layer, so the backward pass ends
# there. And the output of frozen lower layers is the same in each epoch: it can be computed once and kept, D
# numbers a token, 16 kB for Llama-3-70B in BF16. *Gradient checkpointing* raises the work: it keeps few
# activations and computes the rest anew, one more forward pass wherever gradients go.
#
# ### Exercise 08.4 · train_flop
#
# `train_flop(params, layers, tokens, epochs=1, trained="all", lowest=0, checkpoint=False, keep=False)` gives the
# FLOP, a number. The `params` are spread evenly over the `layers`; the data are `tokens` long and read `epochs`
# times. Layers from `lowest` on (counted from 0) are trained, whole or by adapters; those below are frozen. With
# $s = (\text{layers} - \text{lowest}) / \text{layers}$, per token and epoch:
#
# | what | FLOP | when |
# |---|---|---|
# | forward | 2 · params | always |
# | gradients of inputs | 2 · params · s | always |
# | gradients of weights | 2 · params · s | `trained="all"`; none for `trained="adapters"` |
# | forward once more | 2 · params · s | `checkpoint` |
#
# - `keep`: the forward pass of the frozen layers below `lowest` is done in the first epoch only.
# - 0 ≤ lowest ≤ layers; lowest = layers trains nothing. epochs ≥ 0 and tokens ≥ 0 are ints. Any other `trained`
#   raises ValueError. Tolerance: one part in 10⁷.
#
# `train_cost(flop, gpus, peak, mfu, hourly)` gives `(hours, dollars)`: hours that `gpus` GPUs take, each of
# `peak` FLOP a second, and the dollars for all of them at `hourly` dollars an hour each. An MFU that is not above
# 0 and at most 1 raises ValueError.
#
# Source: Kaplan et al. 2020, arXiv 2001.08361, section 2.1 for 2N and 6N; the rest follows from the chain rule.

# %% stub="train_flop"
def train_flop(params: float, layers: int, tokens: int, epochs: int = 1, trained: str = "all", lowest: int = 0,
               checkpoint: bool = False, keep: bool = False) -> float:
    """FLOP of training.

    100 parameters in 10 layers, 1 token: all 600, adapters 400, adapters from layer 5 on 300.
    """
    ### BEGIN SOLUTION
    if trained not in ("all", "adapters"):
        raise ValueError(f"trained is 'all' or 'adapters', not {trained!r}")
    share = (layers - lowest) / layers
    upper = share * (2 + (trained == "all") + checkpoint)  # passes through the layers that gradients reach
    lower = 1 - share
    return 2 * params * tokens * (upper * epochs + lower * (min(epochs, 1) if keep else epochs))
    ### END SOLUTION
    raise NotImplementedError("train_flop")


def train_cost(flop: float, gpus: int, peak: float, mfu: float, hourly: float) -> tuple[float, float]:
    """Hours on the wall's clock, and dollars.

    train_cost(3600e12, 2, 1e12, 0.5, 3.0): 2 GPUs at half their peak do 1e12 a second: 1 hour, 6 dollars.
    """
    ### BEGIN SOLUTION
    if not 0 < mfu <= 1:
        raise ValueError(f"an MFU is above 0 and at most 1, not {mfu}")
    hours = flop / (gpus * peak * mfu) / 3600
    return hours, hours * gpus * hourly
    ### END SOLUTION
    raise NotImplementedError("train_cost")

# %% [markdown] hints="train_flop"
# <details><summary>Hint 1: a question</summary>
#
# Of the passes in the table, which run through all layers, and which only through those that gradients reach?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 100 parameters, 10 layers, adapters from layer 6 on, so s = 0.4: forward 200, gradients of inputs 80: 280 a
# token and epoch. Three epochs of 1 token: 840. With `keep` the lower 0.6 of the forward pass, 120, happens once
# and not three times: 600.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# More GPUs make it faster and not cheaper. And a low MFU makes it slower: it stands in the denominator.
#
# </details>

# %% graded="train_flop__passes" points=2
# Looks at all weights against adapters, frozen lower layers, checkpointing.
check(train_flop, 100, 10, 1, want=600, why="2 forward, 2 for inputs, 2 for weights", rtol=1e-7)
check(train_flop, 100, 10, 1, 1, "adapters", want=400, rtol=1e-7,
      why="the inputs' gradients are needed, the weights' are not",
      mistakes={"adapters without any backward pass": 200, "as much as all weights": 600})
check(train_flop, 100, 10, 1, 1, "adapters", 6, want=280, rtol=1e-7,
      why="forward 200, gradients through 4 of 10 layers 80",
      mistakes={"the forward pass, too, only from layer 6 on": 160, "gradients through the lower layers": 320})
raises(ValueError, train_flop, 100, 10, 1, 1, "lora", why="trained is 'all' or 'adapters'")
### BEGIN HIDDEN TESTS
for params, layers, tokens in [(100, 10, 1), (7, 3, 5), (70_553_706_496, 80, 40_000_000),
                               (8_030_261_248, 32, 12_345), (134_515_008, 30, 0)]:
    for trained in ("all", "adapters"):
        for lowest in (0, 1, layers // 2, layers - 1, layers):
            for checkpoint in (False, True):
                check(train_flop, params, layers, tokens, 1, trained, lowest, checkpoint,
                      want=counted(params, layers, tokens, 1, trained, lowest, checkpoint, False), rtol=1e-7,
                      why="the table, layer by layer")
for wrong in ("", "All", "adapter", "none"):
    raises(ValueError, train_flop, 7, 3, 5, 1, wrong, why="no such way")
    raises(ValueError, train_flop, 7, 3, 0, 0, wrong, why="no such way, though there is nothing to read")
### END HIDDEN TESTS

# %% graded="train_flop__epochs" points=2
# Looks at several epochs, with the frozen layers' output kept or not.
check(train_flop, 100, 10, 1, 3, "adapters", 6, want=840, rtol=1e-7, why="3 * 280")
check(train_flop, 100, 10, 1, 3, "adapters", 6, False, True, want=600, rtol=1e-7,
      why="the lower 120 once, the upper 160 three times",
      mistakes={"the lower layers are not even run once": 480, "keep changes nothing": 840,
                "the whole forward pass once": 440})
### BEGIN HIDDEN TESTS
for params, layers, tokens in [(100, 10, 1), (7, 3, 5), (8_030_261_248, 32, 12_345)]:
    for epochs in (0, 1, 2, 7):
        for trained in ("all", "adapters"):
            for lowest in (0, 1, 2, layers):
                for checkpoint in (False, True):
                    for keep in (False, True):
                        check(train_flop, params, layers, tokens, epochs, trained, lowest, checkpoint, keep,
                              want=counted(params, layers, tokens, epochs, trained, lowest, checkpoint, keep),
                              rtol=1e-7,
                              why="layer by layer, epoch by epoch")
### END HIDDEN TESTS

# %% graded="train_flop__cost" points=2
# Looks at hours and dollars, for one GPU and many.
check(train_cost, 3600e12, 2, 1e12, 0.5, 3.0, want=(1.0, 6.0), rtol=1e-7, why="1e12 a second; two GPUs are paid",
      mistakes={"MFU multiplied": (0.25, 1.5), "one GPU paid": (1.0, 3.0), "seconds": (3600.0, 21600.0)})
raises(ValueError, train_cost, 1e18, 8, A100, 40.0, 2.0, why="an MFU of 40 % is 0.4")
### BEGIN HIDDEN TESTS
for flop, gpus, peak, mfu, hourly in [(1e18, 1, A100, 0.4, 2.0), (4.2e21, 64, 989e12, 0.38, 3.1),
                                      (0.0, 3, A100, 0.2, 2.0),
                                      (7e15, 8, 312e12, 1.0, 0.0), (5e20, 7, 1e14, 0.01, 1.25), (12, 5, 4, 1, 2)]:
    seconds = flop / gpus / peak / mfu
    check(train_cost, flop, gpus, peak, mfu, hourly, want=(seconds / 3600, seconds * gpus * hourly / 3600),
          rtol=1e-7,
          why="FLOP over what all GPUs do in an hour; every GPU is paid")
for mfu in (0.0, -0.4, 1.0001, 55):
    raises(ValueError, train_cost, 1e18, 8, A100, mfu, 2.0, why="0 < MFU <= 1")
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.equal_tokens(train_flop, train_cost)

# %% [markdown]
# Left: a 70B model, 40 million tokens read once, by your functions, at 2 dollars an hour and an MFU of 0.4.
# Right: what the guide's two ranges of dollars buy, in tokens.
#
# **Memory.** The number that decides which card you need. For every *trained* parameter: 2 bytes of BF16 weight,
# 2 of gradient, 4 of FP32 master copy (in BF16 alone small steps would round away), 8 of Adam's two moments: 16. For
# a *frozen* one: 2 bytes in BF16, or 4.127 bits in NF4, a 4-bit format, with double quantisation (section 04 derives
# it). Section 10 cuts the 16 bytes over many GPUs.
#
# | | all weights | LoRA, r = 16 on all matrices | the same on NF4 |
# |---|---|---|---|
# | Llama-3-8B | 128.5 GB | 16.7 GB | 4.8 GB |
# | Llama-3-70B | 1,128.9 GB | 144.4 GB | 39.7 GB |
#
# **The catch: activations are not in this table.** They grow with batch and length, and LoRA needs nearly all of
# them too, because gradients go through every layer. So "LoRA takes hours on a card of 16 to 24 GB" is true of
# models of some 7B, with a short context or with NF4. (Section 04 keeps its adapters in BF16 without a master
# copy, 12 bytes each, and its embedding out of NF4. Two honest conventions, two numbers: say which one you use.)
#
# ### Exercise 08.5 · train_memory
#
# `train_memory(params, trained=None, base="bf16", optimizer="adam")` gives a dict of **bytes**, ints, with four
# keys. `params` is the number of the model's parameters, an int. With `trained=None` all of them are trained and
# none is frozen. Otherwise `trained` is the number of *additional* parameters that are trained (adapters), an int
# ≥ 0, and all `params` are frozen.
#
# | key | bytes |
# |---|---|
# | `"base"` | a frozen parameter: 2, or for `"nf4"` 4 + 8/64 + 32/(64 · 256) *bits*; the sum is rounded up |
# | `"weights"` | 2 for each trained parameter |
# | `"gradients"` | 2 for each trained parameter |
# | `"states"` | for each trained parameter: `"adam"` 12, `"adam8bit"` 6 (moments of 1 byte), `"sgd"` 4 (master copy only) |
#
# `largest_model(memory, trained=None, base="bf16", optimizer="adam", activations=0)` gives the largest `params`,
# an int, with which the sum of the four and `activations` (bytes, an int) is at most `memory` (bytes, an int); 0
# where not even one parameter fits.
#
# Both raise ValueError for another base or optimizer, and for `trained=None` with `"nf4"`: 4-bit weights cannot
# be trained by small steps. All of it is exact: no byte may be lost to a float, at 10¹⁷ bytes either.
#
# Source: Rajbhandari et al. 2019, arXiv 1910.02054, section 3.1 for the 16 bytes; Dettmers et al. 2023, arXiv
# 2305.14314, section 3 for NF4.

# %% stub="train_memory"
def train_memory(params: int, trained: int | None = None, base: str = "bf16",
                 optimizer: str = "adam") -> dict[str, int]:
    """Bytes by part: base, weights, gradients, states.

    1,000 parameters, 10 trained beside them: base 2,000, weights 20, gradients 20, states 120.
    """
    ### BEGIN SOLUTION
    bits = {"bf16": 16 * 512, "nf4": 4 * 512 + 64 + 1}  # of one weight, in 512ths
    states = {"adam": 12, "adam8bit": 6, "sgd": 4}
    if base not in bits or optimizer not in states or (trained is None and base == "nf4"):
        raise ValueError(f"cannot train with base {base!r}, optimizer {optimizer!r}, trained={trained}")
    frozen, moved = (0, params) if trained is None else (params, trained)
    return {"base": -(-frozen * bits[base] // 4096), "weights": 2 * moved, "gradients": 2 * moved,
            "states": states[optimizer] * moved}
    ### END SOLUTION
    raise NotImplementedError("train_memory")


def largest_model(memory: int, trained: int | None = None, base: str = "bf16", optimizer: str = "adam",
                  activations: int = 0) -> int:
    """The largest number of parameters that can be trained in so many bytes.

    1,000 bytes: 62 with all weights trained (16 bytes each); with 10 trained beside a BF16 base 420.
    """
    ### BEGIN SOLUTION
    def fits(params: int) -> bool:
        return sum(train_memory(params, trained, base, optimizer).values()) + activations <= memory
    if not fits(1):
        return 0
    low, high = 1, 2
    while fits(high):
        low, high = high, 2 * high
    while high - low > 1:  # low fits, high does not
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
    ### END SOLUTION
    raise NotImplementedError("largest_model")

# %% [markdown] hints="train_memory"
# <details><summary>Hint 1: a question</summary>
#
# Which of the four parts grow with the model when only adapters are trained?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 1,000 parameters in NF4: 1,000 · (4 + 0.125 + 1/512) = 4,126.95 bits, 515.87 bytes, so 516. In the other
# direction: 516 bytes hold 1,000 parameters, and 1,000.26 before rounding down.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# 4.127 is rounded already. In 512ths of a bit the number is whole, and Python's ints stay exact at any size.
#
# </details>

# %% graded="train_memory__parts" points=2
# Looks at the four parts for all weights, BF16 and NF4 bases, three optimisers.
check(train_memory, 1000, want={"base": 0, "weights": 2000, "gradients": 2000, "states": 12_000},
      why="16 bytes each",
      mistakes={"no master copy": {"base": 0, "weights": 2000, "gradients": 2000, "states": 8000}})
check(train_memory, 1000, 10, "nf4", "sgd", want={"base": 516, "weights": 20, "gradients": 20, "states": 40},
      why="4,126.95 bits are 516 bytes",
      mistakes={"constants forgotten": {"base": 500, "weights": 20, "gradients": 20, "states": 40},
                "states for the frozen weights": {"base": 516, "weights": 20, "gradients": 20, "states": 4040}})
### BEGIN HIDDEN TESTS
def parts_of(params, trained, base, optimizer):
    "train_memory in fractions."
    moved, frozen = (params, 0) if trained is None else (trained, params)
    bits = Fraction(16) if base == "bf16" else 4 + Fraction(8, 64) + Fraction(32, 64 * 256)
    size = {"adam": 12, "adam8bit": 6, "sgd": 4}[optimizer]
    return {"base": math.ceil(bits * frozen / 8), "weights": 2 * moved, "gradients": 2 * moved,
            "states": size * moved}

for params in (0, 1, 2, 999, 1000, 4096, 70_553_706_496, 10 ** 15 + 1, 10 ** 17 + 4097):
    for trained in (None, 0, 7, 207_093_760):
        for base in ("bf16", "nf4")[:1 if trained is None else 2]:
            for optimizer in ("adam", "adam8bit", "sgd"):
                got = train_memory(params, trained, base, optimizer)
                whole(got.values(), f"train_memory({params}, {trained}, {base!r})")
                expect(got, parts_of(params, trained, base, optimizer),
                       on=f"train_memory({params}, {trained}, {base!r}, {optimizer!r})",
                       why="to the byte")
### END HIDDEN TESTS

# %% graded="train_memory__largest" points=3
# Looks at the largest model for a memory, to the parameter.
for args, want in [((1000,), 62), ((1000, 10), 420), ((1000, 10, "nf4", "sgd"), 1783), ((20, 1), 2),
                   ((17, 1), 0)]:
    got = largest_model(*args)
    assert got == want, f"largest_model{args}: expected {want:,}, got {got:,}"
### BEGIN HIDDEN TESTS
for memory in (0, 15, 16, 17, 31, 33, 2113, 5000, 24 * 10 ** 9, 80 * 10 ** 9 + 7, 10 ** 15 + 11, 10 ** 17 - 1):
    for trained in (None, 0, 1, 300, 41_943_040):
        for base in ("bf16", "nf4")[:1 if trained is None else 2]:
            for optimizer in ("adam", "adam8bit", "sgd"):
                for activations in (0, 13, 4 * 10 ** 9):
                    each = {"adam": 16, "adam8bit": 10, "sgd": 8}[optimizer]
                    room = memory - activations - (0 if trained is None else each * trained)
                    want = max(0, room // each if trained is None else room // 2 if base == "bf16"
                               else room * 4096 // 2113)
                    got = largest_model(memory, trained, base, optimizer, activations)
                    on = f"largest_model({memory}, {trained}, {base!r}, {optimizer!r}, {activations})"
                    whole([got], on)
                    assert got == want, f"{on}: expected {want:,}, got {got:,}"
### END HIDDEN TESTS

# %% graded="train_memory__errors" points=1
# Looks at ways that do not exist.
raises(ValueError, train_memory, 1000, None, "nf4", why="4-bit weights cannot be trained by small steps")
raises(ValueError, largest_model, 1000, 10, "int4", why="no such base")
expect(sum(train_memory(1000, 10).values()), 2160, on="all bytes of 1,000 parameters and 10 trained beside them")
### BEGIN HIDDEN TESTS
for args in [(1000, 10, "fp32"), (1000, 10, "bf16", "adamw"), (1000, None, "nf4", "sgd"),
             (1000, None, "bf16", ""), (1000, None, "int4"), (0, None, "fp32", "sgd"), (1000, 0, "NF4"),
             (0, 10, "int4"), (0, 0, "bf16", "adamw"), (0, None, "nf4")]:
    raises(ValueError, train_memory, *args, why="no such way")
    raises(ValueError, largest_model, *args, why="no such way")
expect(largest_model(2160, 10), 1000, on="largest_model(2160, 10)")
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.what_fits(train_memory, largest_model)

# %% [markdown]
# Left: where the bytes of Llama-3-8B and 70B go. Right: the largest model for each card, with 4 GB set aside for
# activations and 40 million adapter parameters. Every step to the right costs something: a frozen base cannot
# learn everything, and NF4 pays with time at each step.

# %% [markdown]
# ## 4 · What a query costs, and when a fine-tune pays
#
# RAG costs little once and much per query: the passages are read each time. A fine-tune costs once, and may make
# every query shorter. Two lines over the number of queries; where they cross is the *break-even*:
#
# $$N^* = \frac{\text{once}_b - \text{once}_a}{\text{each}_a - \text{each}_b}$$
#
# 2,000 tokens of context at 0.5 dollars per million are 0.001 dollars a query; a LoRA of 75 dollars that makes
# them unnecessary pays from 75,000 queries on.
#
# **The catch: the prompt cache.** Providers, and servers such as section 12's, keep the cache of a *prefix* that
# many queries share, and charge it at a fraction. Instructions and examples are such a prefix; a question and the
# passages found for it are not. There is a shortest prefix, entries live for minutes to hours, and some providers
# charge more for what is written into the cache. So a fine-tune that replaces a long prompt competes with the
# *cached* price. A prefix of 3,000 tokens at 2 dollars per million is 0.006 dollars. With nine
# hits of ten and cached tokens at 0.2 it is 0.00114. A fine-tuned model with a prefix of 200 tokens, too short
# for the cache, pays 0.0004. Training for 75 dollars pays from 13,393 queries on without a cache, and from
# 101,351 with one.
#
# **The catch: who hosts it?** A prompt runs on a shared model that is paid by the token. An adapter of your own
# needs a GPU of your own, day and night, or a provider that serves adapters. One GPU at 2 dollars an hour is 48
# dollars a day, with no query at all. And the guide's "inference = base model" is true of merged weights;
# adapters beside the base cost products of their own (section 04).
#
# **The catch: "RAG has no training cost".** True, and it has others: embedding all chunks, an index that is kept
# fresh, a search per query, people who look at what was not found. A retriever or reranker may need training,
# too. And time: 2,000 tokens more to read, at 2 FLOP per parameter, take an 8B on one A100 at an MFU of 0.4 about
# 0.26 seconds before the first word.
#
# **What a fine-tune may also buy: a smaller model.** Some thousand answers of a large model, filtered, train a
# small one for this one task. It is cheaper and faster for *all* tokens of a query, prompt and answer; the rest of
# its abilities shrinks. In the formula only $\text{each}_b$ changes.
#
# ### Exercise 08.6 · breakeven_queries
#
# `query_cost(plan, prices, minimum=1024)` gives the dollars of one average query. A plan is a dict:
#
# | key | what |
# |---|---|
# | `"prefix"` | tokens that stand at the front of every query |
# | `"hit"` | share of the queries that find the prefix in the cache, 0 to 1 |
# | `"fresh"` | tokens of input behind the prefix, new in each query |
# | `"output"` | tokens that the model writes |
# | `"extra"` | dollars of everything else in a query, such as the search |
#
# The numbers of tokens are averages, too, and need not be whole.
#
# - `prices` has dollars per **million** tokens under `"input"`, `"cached"` and `"output"`.
# - The cached price is paid for the prefix alone, and only by queries that hit. A prefix of fewer than `minimum`
#   tokens is never cached. Writing into the cache costs nothing extra here.
#
# `breakeven_queries(once_a, each_a, once_b, each_b)` gives the smallest number N ≥ 0, a float, such that for
# **all** n ≥ N queries plan b costs at most as much as plan a: once_b + n · each_b ≤ once_a + n · each_a. There
# may be none: `math.inf`. All dollars are ≥ 0. Tolerance for both: one part in 10⁷.
#
# Source: own definition. The shortest prefix is 512 to 4,096 tokens by provider and model, 1,024 with several
# (litellm's documentation, page "Prompt Caching", October 2026); look yours up.

# %% stub="breakeven_queries"
def query_cost(plan: Mapping[str, float], prices: Mapping[str, float], minimum: int = 1024) -> float:
    """Dollars of one average query.

    2,000 tokens of prefix with half of the queries hitting, at 2 and 0.2 dollars per million: 0.0022 dollars.
    """
    ### BEGIN SOLUTION
    hit = plan["hit"] if plan["prefix"] >= minimum else 0.0
    prefix = plan["prefix"] * (hit * prices["cached"] + (1 - hit) * prices["input"])
    return (prefix + plan["fresh"] * prices["input"] + plan["output"] * prices["output"]) / 1e6 + plan["extra"]
    ### END SOLUTION
    raise NotImplementedError("query_cost")


def breakeven_queries(once_a: float, each_a: float, once_b: float, each_b: float) -> float:
    """From how many queries on b is never dearer than a.

    breakeven_queries(0, 0.001, 75, 0) is 75,000.
    """
    ### BEGIN SOLUTION
    if each_b > each_a or (each_b == each_a and once_b > once_a):
        return math.inf
    if once_b <= once_a:
        return 0.0
    return (once_b - once_a) / (each_a - each_b)
    ### END SOLUTION
    raise NotImplementedError("breakeven_queries")

# %% [markdown] hints="breakeven_queries"
# <details><summary>Hint 1: a question</summary>
#
# Two lines: which one is lower far to the right, and which one at 0? Each of the four answers has a break-even of
# its own.
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Prefix 2,000, hit 0.9, fresh 500, output 100, extra 0.0003, prices 2, 0.2 and 8. In millionths: prefix 2,000 ·
# (0.18 + 0.2) = 760, fresh 1,000, output 800: 2,560, so 0.00256 + 0.0003 = 0.00286 dollars.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A plan that is cheaper once and dearer each time wins at first, and that is not "for all n ≥ N". Two parallel
# lines never cross, and one of them may still win.
#
# </details>

# %% graded="breakeven_queries__query" points=2
# Looks at query_cost: units, the prefix and its cache, everything else.
plan = {"prefix": 2000, "hit": 0.9, "fresh": 500, "output": 100, "extra": 0.0003}
check(query_cost, plan, PRICES, want=0.00286, rtol=1e-7, why="(760 + 1,000 + 800) millionths and 0.0003",
      mistakes={"everything cached, the question too": 0.00205,
                "no cache": 0.0061, "per thousand tokens": 2.5603})
check(query_cost, plan | {"prefix": 1023}, PRICES, want=0.0003 + 0.003846, rtol=1e-7,
      why="1,023 tokens are too few for the cache")
check(query_cost, plan | {"prefix": 1024}, PRICES, want=0.0003 + 0.00218912, rtol=1e-7, why="1,024 are enough")
### BEGIN HIDDEN TESTS
for i, (prefix, hit, new, output, extra) in enumerate([(0, 0.0, 0, 0, 0.0), (0, 1.0, 300, 7, 0.001),
                                                       (5000, 0.0, 20, 900, 0.0),
                                                       (5000, 1.0, 20, 900, 0.02), (700, 0.37, 0, 1, 0.0),
                                                       (64, 0.5, 11, 13, 0.5),
                                                       (128, 0.25, 0, 0, 0.0), (250_000, 0.93, 4321, 77, 1e-5),
                                                       (1500.25, 0.8765, 31.5, 7.75, 0.000312345678)]):
    plan = {"prefix": prefix, "hit": hit, "fresh": new, "output": output, "extra": extra}
    for prices in (PRICES, {"input": 0.5, "cached": 0.5, "output": 0.5}, {"input": 15.0, "cached": 0.0,
                                                                          "output": 75.0},
                   {"input": 0.07, "cached": 0.01, "output": 0.3}):
        for minimum in (0, 64, 65, 1024, 4096):
            each = Fraction(prices["input"])
            if prefix >= minimum:
                each += Fraction(hit) * (Fraction(prices["cached"]) - Fraction(prices["input"]))
            want = Fraction(prefix) * each + Fraction(new) * Fraction(prices["input"])
            want += Fraction(output) * Fraction(prices["output"])
            want = want / 10 ** 6 + Fraction(extra)
            check(query_cost, plan, prices, minimum, want=float(want), rtol=1e-7, atol=1e-15,
                  why="the prefix alone may be cached")
unchanged(query_cost, {"prefix": 10, "hit": 0.5, "fresh": 10, "output": 0, "extra": 0.0}, PRICES, want=0.00004)
### END HIDDEN TESTS

# %% graded="breakeven_queries__lines" points=2
# Looks at the crossing, and at plans that never or always win.
check(breakeven_queries, 0.0, 0.001, 75.0, 0.0, want=75_000.0, rtol=1e-7, why="75 / 0.001")
check(breakeven_queries, 10.0, 0.002, 75.0, 0.0007, want=50_000.0, rtol=1e-7, why="65 / 0.0013",
      mistakes={"what a costs once was forgotten": 75 / 0.0013})
check(breakeven_queries, 0.0, 0.001, 75.0, 0.002, want=math.inf, why="b is dearer once and each time",
      mistakes={"the sign was dropped": 75_000.0, "a negative number of queries": -75_000.0})
check(breakeven_queries, 75.0, 0.001, 0.0, 0.002, want=math.inf,
      why="b wins at first, and loses for good from 75,000 on",
      mistakes={"the crossing, after which b is dearer": 75_000.0, "b is cheaper at 0": 0.0})
### BEGIN HIDDEN TESTS
for a, p, b, q, want in [
        (5.0, 0.01, 5.0, 0.01, 0.0), (5.0, 0.01, 4.0, 0.01, 0.0), (5.0, 0.01, 5.5, 0.01, math.inf),
        (0.0, 0.0, 0.0, 0.0, 0.0),
        (5.0, 0.02, 5.0, 0.01, 0.0), (9.0, 0.02, 5.0, 0.01, 0.0), (5.0, 0.01, 5.0, 0.02, math.inf),
        (0.0, 0.5, 0.25, 0.0, 0.5),
        (3.0, 1.0, 4.0, 0.25, 4 / 3), (0.0, 3e-6, 1e6, 1e-6, 5e11), (100.0, 7.0, 100.5, 0.0, 1 / 14),
        (9.0, 0.01, 5.0, 0.02, math.inf), (0, 2, 7, 1, 7.0), (0.0, 0.0, 3.0, 0.0, math.inf),
        (3.0, 0.0, 0.0, 0.0, 0.0), (0.0, 3e-10, 1.0, 1e-10, 5e9), (0.0, 1e-10, 1.0, 3e-10, math.inf),
        (0.0, 0.5, 1.0, 0.5 - 2 ** -32, 2.0 ** 32), (1024.0, 0.5, 1024.0 + 2 ** -14, 0.25, 2.0 ** -12)]:
    check(breakeven_queries, a, p, b, q, want=want, rtol=1e-7, atol=1e-12,
          why="b at most as dear as a for all n from there on")
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.cached_breakeven(query_cost, breakeven_queries, PRICES)

# %% [markdown]
# A fine-tune for 75 dollars replaces a prefix by one of 200 tokens. The curves are prefixes of several lengths,
# by your functions. The better the cache works, the later it pays; where a curve ends, it never does.
#
# **Three plans.** With more than two the pairs mislead: b may beat a from some volume on although c has beaten
# both long before. What counts is the lowest of all lines at each volume: their *lower envelope*.
#
# ### Exercise 08.7 · cheapest_by_volume
#
# `cheapest_by_volume(plans)`: plans is a dict from a name to `(once, each)`, dollars ≥ 0; n queries cost once + n
# · each, for every real n ≥ 0. The answer is a list of `(n, name)`: from n on (n a float) this plan is the
# cheapest, until the next entry begins. The first entry begins at 0.0.
#
# - A plan that is cheapest nowhere is not in the list, nor is one that is cheapest at single points only.
# - Two plans with the same two numbers: the first of the dict stands for both. No plans: an empty list.
# - Tolerance: one part in 10⁷. The tests have three lines through one point only where floats compute it exactly.
#
# Source: own definition; it is the lower envelope of lines, the mirror of a convex hull.

# %% stub="cheapest_by_volume"
def cheapest_by_volume(plans: Mapping[str, tuple[float, float]]) -> list[tuple[float, str]]:
    """Which plan is the cheapest from which number of queries on.

    {"prompt": (0, 3), "lora": (10, 1), "rag": (4, 2.5)}: [(0.0, "prompt"), (5.0, "lora")]: rag begins to beat the
    prompt at 8.
    """
    ### BEGIN SOLUTION
    if not plans:
        return []
    names = list(plans)
    now = min(names, key=lambda name: plans[name])  # the least once; of these the least each; of these the first
    path, n = [(0.0, now)], 0.0
    while True:
        once, each = plans[now]
        meets = {name: (plans[name][0] - once) / (each - plans[name][1]) for name in names
                 if plans[name][1] < each}
        if not meets:
            return path
        n = min(meets.values())
        now = min((name for name in meets if meets[name] == n), key=lambda name: plans[name][1])
        path.append((n, now))
    ### END SOLUTION
    raise NotImplementedError("cheapest_by_volume")

# %% [markdown] hints="cheapest_by_volume"
# <details><summary>Hint 1: a question</summary>
#
# You stand on the lowest line and walk to the right. Which lines can ever come below you, and which one does so
# first?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# a (0, 4), b (6, 2), c (9, 1). From a: b is met at 6 / 2 = 3, c at 9 / 3 = 3. Both at 3, and right of it c is the
# lower one: [(0, a), (3, c)]. With c (10, 1): b at 3, then c from b at 4 / 1 = 4.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# At n = 0 two plans may cost the same. The steeper of them is the cheapest at a single point.
#
# </details>

# %% graded="cheapest_by_volume__envelope" points=3
# Looks at plans in every order, and at plans that never win.
check(cheapest_by_volume, {"prompt": (0.0, 3.0), "lora": (10.0, 1.0), "rag": (4.0, 2.5)},
      want=[(0.0, "prompt"), (5.0, "lora")],
      why="rag beats the prompt from 8 on, and lora has beaten both by then",
      mistakes={"break-evens with the first plan only": [(0.0, "prompt"), (5.0, "lora"), (8.0, "rag")]})
check(cheapest_by_volume, {"c": (10.0, 1.0), "a": (0.0, 4.0), "b": (6.0, 2.0)}, want=[(0.0, "a"), (3.0, "b"),
                                                                                      (4.0, "c")],
      why="a, then b from 3, then c from 4: the order of the dict does not matter")
### BEGIN HIDDEN TESTS
for seed in range(12):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 22))
    plans = {f"plan {i}": (float(rng.uniform(0, 1000)), float(rng.uniform(0, 0.01)))
             for i in rng.permutation(count)}
    if seed > 9:  # lines that touch a parabola: all of them are the cheapest somewhere
        plans = {f"plan {i}": (float(i * i), float((60 - i) ** 2)) for i in rng.permutation(16)}
    check(cheapest_by_volume, plans, want=envelope(plans), rtol=1e-7, atol=1e-12,
          why="the lowest line at each volume")
for plans in [{"only": (3.0, 0.5)}, {"free": (0.0, 0.0), "a": (1.0, 1.0)}, {"a": (5.0, 0.0), "b": (0.0, 0.001)},
              {"a": (1e6, 0.0), "b": (0.0, 2e-6)},
              {"a": (3.0, 2.0), "b": (2.0, 3.0), "c": (1.0, 9.0)}, {"0": (2, 2), "": (1, 5)}, {"0": (1, 5), "": (2, 2)},
              {"a": (0.0, 0.5), "b": (0.0001, 0.25), "c": (0.001, 0.125)},
              {"a": (0.0, 3e-10), "b": (1.0, 1e-10), "c": (0.0, 2.5e-10)},
              {"a": (0.0, 0.5), "b": (1.0, 0.5 - 2 ** -32)},
              {"a": (0.0, 4.0), "b": (6.0, 2.0), "c": (9.0 + 2 ** -18, 1.0)},
              {"a": (0.0, 4.0), "b": (6.0, 2.0), "c": (9.0 - 2 ** -18, 1.0)}]:
    check(cheapest_by_volume, plans, want=envelope(plans), rtol=1e-7, atol=1e-12,
          why="the lowest line at each volume")
### END HIDDEN TESTS

# %% graded="cheapest_by_volume__ties" points=2
# Looks at equal costs: at 0, everywhere, and three lines through one point.
check(cheapest_by_volume, {"a": (0.0, 4.0), "b": (6.0, 2.0), "c": (9.0, 1.0)}, want=[(0.0, "a"), (3.0, "c")],
      why="b is the cheapest at one point only", mistakes={"b for a single point": [(0.0, "a"), (3.0, "b"),
                                                                                    (3.0, "c")]})
check(cheapest_by_volume, {"steep": (1.0, 5.0), "flat": (1.0, 2.0)}, want=[(0.0, "flat")], why="equal at 0 only",
      mistakes={"the first of equals at 0": [(0.0, "steep"), (0.0, "flat")]})
### BEGIN HIDDEN TESTS
for plans in [{"x": (2.0, 3.0), "y": (2.0, 3.0)}, {"y": (2.0, 3.0), "x": (2.0, 3.0)},
              {"z": (0.0, 8.0), "y": (2.0, 4.0), "x": (2.0, 4.0)},
              {"dear": (9.0, 1.0), "b": (0.0, 4.0), "a": (0.0, 4.0), "too": (9.0, 1.0)},
              {"a": (0.0, 0.0), "b": (0.0, 0.0), "c": (0.0, 1.0)},
              {"a": (4.0, 1.0), "b": (0.0, 3.0), "c": (2.0, 2.0), "d": (6.0, 0.0)},
              {"p": (5.0, 2.0), "q": (7.0, 2.0), "r": (3.0, 2.0)},
              {"m": (8.0, 0.0), "n": (0.0, 2.0), "o": (8.0, 0.0), "k": (4.0, 1.0), "l": (7.0, 1.0)}]:
    check(cheapest_by_volume, plans, want=envelope(plans), rtol=1e-7,
          why="ties: the first of the same lines, and no single points")
check(cheapest_by_volume, {}, want=[], why="no plans")
unchanged(cheapest_by_volume, {"a": (0.0, 4.0), "b": (6.0, 2.0), "c": (10.0, 1.0)}, want=[(0.0, "a"), (3.0, "b"),
                                                                                          (4.0, "c")])
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.lower_envelope(query_cost, cheapest_by_volume, PRICES)

# %% [markdown]
# Five plans for one month, by your functions; the coloured ground says which is the cheapest. At the dotted line
# RAG begins to beat the long prompt: a break-even of two plans of which neither is the cheapest there.

# %% [markdown]
# ## 5 · Staleness: how old are your facts?
#
# A share c of the facts changes each day, any of them with the same chance. Of a copy that was right at the
# start, $(1 - c)^t$ is right after t days. At 2 % a day half of it is wrong after 35 days. That holds for every
# copy: weights that learnt the facts, an index of passages, a cached answer. **Freshness belongs to the refresh
# and not to the method.** The methods differ in what a refresh costs and how long it takes. An index takes one
# changed passage in seconds. A fine-tune takes data, training, evaluation and a release; when it goes live, its
# data are some days old.
#
# A copy that is replaced every R days, from facts that are d days old at that time, is right on average for
#
# $$m = \frac{1}{R} \sum_{j=0}^{R-1} (1 - c)^{d + j}.$$
#
# Refreshing more often costs more, and less often makes more answers wrong. If a wrong answer has a price, there
# is a best R.
#
# **The catch.** Nobody knows c before measuring it. Take a sample of facts, look again after a week. And facts do
# not change evenly: prices do daily, founding years never. Weigh the sample by what is asked.
#
# ### Exercise 08.8 · best_refresh
#
# `mean_fresh(change, every, delay=0)` gives m, a float: c is `change`, 0 to 1; R is `every`, an int ≥ 1; d is
# `delay`, an int ≥ 0. As usual $0^0 = 1$: with change 1 and no delay the copy is right on its first day.
#
# `best_refresh(change, refresh_cost, wrong_cost, queries, longest, delay=0)` gives the R, an int from 1 to
# `longest` (both may be the answer), with the smallest cost a day:
#
# $$\frac{\text{refresh\_cost}}{R} + \text{queries} \cdot \text{wrong\_cost} \cdot (1 - m).$$
#
# `queries` is their number a day, the costs are dollars ≥ 0. Among equal costs the smallest R; the tests have
# equal costs only where all costs are exactly 0. Tolerance of m: one part in 10⁷. `longest` is some thousands at
# most.
#
# Source: own definition, from the chance $(1 - c)^t$ that a fact has not changed.

# %% stub="best_refresh"
def mean_fresh(change: float, every: int, delay: int = 0) -> float:
    """The share of right facts, on average, in a copy that is replaced every so many days.

    Half of the facts change each day, replaced every 2 days: (1 + 0.5) / 2 = 0.75.
    """
    ### BEGIN SOLUTION
    return math.fsum((1 - change) ** (delay + j) for j in range(every)) / every
    ### END SOLUTION
    raise NotImplementedError("mean_fresh")


def best_refresh(change: float, refresh_cost: float, wrong_cost: float, queries: float, longest: int,
                 delay: int = 0) -> int:
    """Every how many days a refresh is the cheapest.

    Half of the facts change each day, a refresh costs 1, a wrong answer 1, 3 queries a day, at most 2 days: 1 (cost 1,
    against 0.5 + 0.75 = 1.25).
    """
    ### BEGIN SOLUTION
    def daily(every: int) -> float:
        return refresh_cost / every + queries * wrong_cost * (1 - mean_fresh(change, every, delay))
    return min(range(1, longest + 1), key=daily)
    ### END SOLUTION
    raise NotImplementedError("best_refresh")

# %% [markdown] hints="best_refresh"
# <details><summary>Hint 1: a question</summary>
#
# How old is a copy that is replaced every day, on average, just before and just after it is replaced?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# c = 0.1, R = 3, d = 1: ages 1, 2, 3, so (0.9 + 0.81 + 0.729) / 3 = 0.813. With d = 0: (1 + 0.9 + 0.81) / 3 =
# 0.9033.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# What matters is the mean over the cycle and not its last day. Both ends of the range are candidates: where facts
# never change, the rarest refresh is the best. And the short formula of a geometric sum divides by c: where c is
# tiny, 1 − (1 − c)^R has few right digits left.
#
# </details>

# %% graded="best_refresh__fresh" points=2
# Looks at mean_fresh: the ages in a cycle, the delay, no change and total change.
check(mean_fresh, 0.5, 2, want=0.75, rtol=1e-7, why="(1 + 0.5) / 2",
      mistakes={"the last day alone": 0.5, "ages from 1 on": 0.375, "the age at the end": 0.25})
check(mean_fresh, 0.1, 3, 1, want=0.813, rtol=1e-7, why="ages 1, 2, 3",
      mistakes={"the delay was forgotten": 2.71 / 3, "linear decay": 1 - 0.1 * 2})
### BEGIN HIDDEN TESTS
for change in (0.0, 1.0, 0.05, 0.3, 0.999, 0.0007, 1e-6, 3e-13):
    for every in (1, 2, 7, 30, 365, 1200):
        for delay in (0, 1, 5, 40):
            want = math.fsum((1.0 - change) ** age for age in range(delay, delay + every)) / every
            check(mean_fresh, change, every, delay, want=want, rtol=1e-7, atol=1e-15,
                  why="the mean of (1 - c) ** age over the cycle")
for change, every, delay in [(5e-7, 3000, 0), (5e-7, 4, 4000), (1e-9, 5000, 5000)]:
    want = math.fsum((1.0 - change) ** age for age in range(delay, delay + every)) / every
    check(mean_fresh, change, every, delay, want=want, rtol=1e-7, why="little change and many days are some change")
check(mean_fresh, 0.25, 5, want=fraction_fresh(0.25, 5), rtol=1e-7, why="the mean of (1 - c) ** age")
check(mean_fresh, 0, 3, want=1.0, rtol=1e-7, why="nothing changes")
check(mean_fresh, 1, 4, want=0.25, rtol=1e-7, why="right on the first day only")
### END HIDDEN TESTS

# %% graded="best_refresh__interval" points=3
# Looks at the best interval, inside the range and at both ends.
check(best_refresh, 0.5, 1.0, 1.0, 3.0, 2, want=1, why="1 a day against 1.25")
check(best_refresh, 0.02, 75.0, 0.05, 1000.0, 90, want=13, why="75 / R falls, wrong answers rise",
      mistakes={"the age of the last day was taken for the mean": 9})
check(best_refresh, 0.0, 75.0, 0.05, 1000.0, 90, want=90, why="nothing changes: as rarely as allowed")
### BEGIN HIDDEN TESTS
def intervals(change, refresh_cost, wrong_cost, queries, longest, delay):
    "(best interval, how much better it is than the next best)"
    costs, ages = [], []
    for every in range(1, longest + 1):
        ages.append((1.0 - change) ** (delay + every - 1))
        costs.append(refresh_cost / every + queries * wrong_cost * (1 - math.fsum(ages) / every))
    order = sorted(range(longest), key=costs.__getitem__)
    gap = math.inf if longest == 1 else costs[order[1]] - costs[order[0]]
    return order[0] + 1, gap / max(costs[order[0]], 1e-9)

for change in (0.0, 1.0, 0.002, 0.3):
    for refresh_cost in (0.0, 0.4, 75.0, 5000.0):
        for wrong_cost, queries in [(0.05, 1000), (150.0, 0.3), (2.0, 30_000), (1.0, 0)]:
            for longest, delay in [(1, 0), (40, 0), (41, 6), (300, 2)]:
                if longest == 300 and (change != 0.002 or refresh_cost < 1):
                    continue  # so many days only where the best interval is long
                want, gap = intervals(change, refresh_cost, wrong_cost, queries, longest, delay)
                if gap > 1e-7:
                    got = best_refresh(change, refresh_cost, wrong_cost, queries, longest, delay)
                    on = f"best_refresh({change}, {refresh_cost}, {wrong_cost}, {queries}, {longest}, {delay})"
                    whole([got], on)
                    assert got == want, f"{on}: expected {want}, got {got}"
want, gap = intervals(0.00002, 6.5, 0.05, 10, 1300, 0)
check(best_refresh, 0.00002, 6.5, 0.05, 10, 1300, want=want, why="beyond a thousand days, too")
for longest, delay in [(95, 60), (150, 25)]:
    want, gap = intervals(0.02, 75.0, 0.05, 1000, longest, delay)
    check(best_refresh, 0.02, 75.0, 0.05, 1000, longest, delay, want=want, why=f"a delay of {delay} days")
check(best_refresh, 0.0, 0.0, 0.05, 1000, 30, want=1, why="all cost nothing: the smallest interval")
check(best_refresh, 0.25, 0.0, 0.0, 1000, 30, want=1, why="all cost nothing: the smallest interval")
check(best_refresh, 0.25, 75.0, 0.0, 1000, 30, want=30, why="wrong answers cost nothing: as rarely as allowed")
### END HIDDEN TESTS

# %% tags=["picture"]
choosing_adaptation.refresh_curves(mean_fresh, best_refresh)

# %% [markdown]
# Dollars a day against R, for a refresh of 75 dollars, 1,000 queries a day and 5 cents for a wrong answer, by
# your functions; the dots are your `best_refresh`. Around the best R the curve is flat: half of it, or double,
# costs a fifth to a third more.
#
# ## 6 · The whole: a recommendation with its numbers
#
# "It depends" is no answer, and "RAG" none either. A recommendation says: this plan, at this price; that one was
# cheaper and fails this requirement; and this number would change my mind.
#
# ### Exercise 08.9 · recommend
#
# `recommend(case, plans)`. A case is a dict:
#
# | key | what |
# |---|---|
# | `"needs"` | list of what the answers need, such as `["facts", "style"]`; may be empty |
# | `"memory"` | bytes of GPU memory for training |
# | `"change"` | share of the facts that changes each day, 0 to 1 |
# | `"floor"` | least share of right facts, on average over the days |
# | `"queries"` | queries a day, a number > 0 |
# | `"days"` | the horizon, an int ≥ 1 |
# | `"budget"` | dollars for the whole horizon |
#
# `plans` is a dict from a name to a plan, itself a dict:
#
# | key | what |
# |---|---|
# | `"gives"` | list of the needs that it meets |
# | `"memory"` | bytes that its training takes, 0 without training |
# | `"setup"` | dollars once, on day 0 |
# | `"daily"` | dollars each day: hosting, index |
# | `"refresh"`, `"every"` | dollars of each refresh, and the days between two: an int ≥ 1, or None for never |
# | `"per_query"` | dollars a query |
# | `"miss"` | share of the facts that it never gets right: not found, not learnt |
#
# The answer is a dict of five:
#
# - `"cost"`: name to dollars over the horizon, for **every** plan. Days are 0 to days − 1. Refreshes fall on day
#   `every`, 2 · `every`, …, as far as there are such days. Every day has its daily cost and its queries.
# - `"share"`: name to the mean share of right facts over all days of the horizon, for every plan: (1 − miss)
#   times the mean of $(1 - c)^{\text{age}}$, where the age is 0 on day 0 and on every day of a refresh, and
#   $0^0 = 1$ again. The last cycle may be cut short.
# - `"rejected"`: name to the **first** reason that holds: `"needs"` (it lacks one), `"memory"` (it takes more
#   than there is), `"freshness"` (facts are needed, and its share is below the floor), `"budget"` (its cost is
#   above it). What is exactly equal passes.
# - `"choice"`: of the others the cheapest, the first of equals; None where none is left.
# - `"flips"`: for each plan that is neither rejected nor the choice: the queries a day, at this horizon, at which
#   it costs as much as the choice; None where no number ≥ 0 does, or where the lines are parallel.
#
# Plans come in any number, none too. Arguments do not change. Tolerance: one part in 10⁷; no test sits within
# rounding of a limit unless the floats are exact.
#
# Source: own definition; it puts parts 3 to 5 together.

# %% stub="recommend"
def recommend(case: Mapping, plans: Mapping[str, Mapping]) -> dict:
    """The choice, its price and its rivals.

    One plan that gives all, setup 10, 2 a day, 0.01 a query, 100 queries a day for 30 days: cost 10 + 60 + 30 = 100.
    """
    ### BEGIN SOLUTION
    days, fixed, cost, share, rejected = case["days"], {}, {}, {}, {}
    for name, plan in plans.items():
        every = min(plan["every"] or days, days)
        cycles, rest = divmod(days, every)
        right = cycles * every * mean_fresh(case["change"], every)
        right += rest * mean_fresh(case["change"], rest) if rest else 0.0
        share[name] = (1 - plan["miss"]) * right / days
        fixed[name] = plan["setup"] + plan["daily"] * days + plan["refresh"] * ((days - 1) // every)
        cost[name] = fixed[name] + plan["per_query"] * case["queries"] * days
        if not set(case["needs"]) <= set(plan["gives"]):
            rejected[name] = "needs"
        elif plan["memory"] > case["memory"]:
            rejected[name] = "memory"
        elif "facts" in case["needs"] and share[name] < case["floor"]:
            rejected[name] = "freshness"
        elif cost[name] > case["budget"]:
            rejected[name] = "budget"
    left = [name for name in plans if name not in rejected]
    choice = min(left, key=cost.__getitem__, default=None)
    flips: dict[str, float | None] = {}
    for name in left:
        if name != choice:
            slope = (plans[choice]["per_query"] - plans[name]["per_query"]) * days
            at = (fixed[name] - fixed[choice]) / slope if slope else -1.0
            flips[name] = at if at >= 0 else None
    return {"choice": choice, "rejected": rejected, "cost": cost, "share": share, "flips": flips}
    ### END SOLUTION
    raise NotImplementedError("recommend")

# %% [markdown] hints="recommend"
# <details><summary>Hint 1: a question</summary>
#
# Cost over the horizon is a line in the queries a day. What are its two numbers? You need them three times.
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# 10 days, refreshed every 4: refreshes on days 4 and 8, two of them. Ages 0, 1, 2, 3, 0, 1, 2, 3, 0, 1: two whole
# cycles and one of two days. With c = 0.5 the sum is 1.875 + 1.875 + 1.5 = 5.25, the share 0.525.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A refresh on the day after the last is not paid: 8 days, every 4, is one refresh. And a plan may be the cheapest
# of all and be rejected: the choice and the flips are among those that are left.
#
# </details>

# %% graded="recommend__numbers" points=3
# Looks at costs and shares over the horizon, of rejected plans too.
case = {"needs": [], "memory": 0, "change": 0.5, "floor": 0.0, "queries": 100, "days": 10, "budget": 1e9}
plan = {"gives": [], "memory": 0, "setup": 10.0, "daily": 2.0, "refresh": 5.0, "every": 4, "per_query": 0.01,
        "miss": 0.0}
got = recommend(case, {"one": plan, "never": plan | {"every": None}, "half": plan | {"miss": 0.5, "every": 20}})
expect(got["cost"], {"one": 50.0, "never": 40.0, "half": 40.0}, on="the costs over 10 days", rtol=1e-7,
       why="10 + 20 + 10, and two refreshes on days 4 and 8",
       mistakes={"a refresh on day 0 as well": {"one": 55.0, "never": 40.0, "half": 40.0}})
expect(got["share"], {"one": 0.525, "never": 0.1998046875, "half": 0.09990234375}, on="the shares over 10 days",
       rtol=1e-7,
       why="ages 0, 1, 2, 3, 0, 1, 2, 3, 0, 1", mistakes={"the last cycle was not cut short": {
           "one": 0.46875, "never": 0.1998046875, "half": 0.09990234375}})
### BEGIN HIDDEN TESTS
all_change = recommend(case | {"change": 1.0, "days": 9}, {"one": plan, "never": plan | {"every": None, "miss": 0.5}})
expect(all_change["share"], {"one": 3 / 9, "never": 0.5 / 9}, on="the shares where all facts change each day", rtol=1e-7,
       why="right on day 0 and on every day of a refresh")
for seed in range(30):
    case, plans = random_case(seed)
    want, got = judged(case, plans), recommend(case, plans)
    for key in ("cost", "share"):
        expect(got[key], want[key], on=f"{key!r} of recommend({case}, {plans})", rtol=1e-7, atol=1e-12,
               why="for every plan, day by day")
### END HIDDEN TESTS

# %% graded="recommend__choice" points=3
# Looks at reasons, their order, what is exactly equal, and the choice.
case = {"needs": ["facts", "style"], "memory": 24, "change": 0.0, "floor": 0.75, "queries": 1, "days": 1,
        "budget": 50.0}
plan = {"gives": ["style", "facts"], "memory": 24, "setup": 50.0, "daily": 0.0, "refresh": 0.0, "every": None,
        "per_query": 0.0, "miss": 0.25}
plans = {"rag": plan | {"gives": ["facts"], "memory": 99}, "full": plan | {"memory": 25, "setup": 99.0},
         "stale": plan | {"miss": 0.5},
         "dear": plan | {"setup": 50.5}, "both": plan, "twin": plan}
got = recommend(case, plans)
expect(got["rejected"], {"rag": "needs", "full": "memory", "stale": "freshness", "dear": "budget"},
       on="the rejected plans",
       why="the first reason; what is equal passes")
assert got["choice"] == "both", f"expected 'both', the first of two equal plans, got {got['choice']!r}"
### BEGIN HIDDEN TESTS
empty = recommend(case, {})
expect(empty, {"choice": None, "rejected": {}, "cost": {}, "share": {}, "flips": {}},
       on="recommend without plans")
expect(recommend(case | {"needs": ["style"]}, {"stale": plan | {"miss": 0.5}})["choice"], "stale",
       on="the choice where no facts are needed")
for other in ({"miss": 0.0}, {"memory": 0}, {"gives": ["facts", "style", "safety"]}, {"every": 1}):
    expect(recommend(case, {"b": plan, "a": plan | other})["choice"], "b", on=f"the choice, the second with {other}",
           why="of equal costs the first, whatever else the second does better")
expect(recommend(case, {"b": plan | {"setup": 0.0, "daily": 49.75}, "a": plan | {"setup": 49.5}})["choice"], "a",
       on="the choice between 49.75 and 49.50 dollars", why="nothing is rounded")
close = {"a": plan | {"miss": 0.2505}, "b": plan | {"memory": 24.5}, "c": plan | {"setup": 50.0625}}
expect(recommend(case, close)["rejected"], {"a": "freshness", "b": "memory", "c": "budget"}, on="three close misses",
       why="nothing is rounded")
expect(recommend(case | {"needs": [], "budget": 0.0}, {"a": plan, "b": plan | {"setup": 0.0}})["rejected"], {"a": "budget"},
       on="the rejected plans where there are 0 dollars", why="what is equal passes, and nothing else")
expect(recommend(case | {"needs": ["artefacts"]}, {"stale": plan | {"miss": 0.5, "gives": ["artefacts"]}})["rejected"], {},
       on="the rejected plans where the need is 'artefacts'", why="that is not the need 'facts'")
for seed in range(60):
    case, plans = random_case(seed)
    want, got = judged(case, plans), recommend(case, plans)
    expect(got["rejected"], want["rejected"], on=f"'rejected' of recommend({case}, {plans})",
           why="the first reason that holds")
    expect(got["choice"], want["choice"], on=f"'choice' of recommend({case}, {plans})",
           why="the cheapest that is left, the first of equals")
### END HIDDEN TESTS

# %% graded="recommend__flips" points=2
# Looks at the volume at which each rival would cost as much; the arguments stay.
case = {"needs": [], "memory": 0, "change": 0.0, "floor": 0.0, "queries": 100, "days": 10, "budget": 1e9}
plan = {"gives": [], "memory": 0, "setup": 0.0, "daily": 0.0, "refresh": 0.0, "every": None, "per_query": 0.25,
        "miss": 0.0}
got = recommend(case, {"rag": plan, "lora": plan | {"setup": 500.0, "per_query": 0.0},
                       "worse": plan | {"setup": 1.0, "per_query": 1.0},
                       "same slope": plan | {"setup": 7.0}})
expect(got["flips"], {"lora": 200.0, "worse": None, "same slope": None}, on="the flips", rtol=1e-7,
       why="500 dollars are 10 days of 200 queries at 0.25", mistakes={
           "queries of the whole horizon": {"lora": 2000.0, "worse": None, "same slope": None}})
### BEGIN HIDDEN TESTS
level = {"a": plan, "b": plan | {"setup": 250.0, "per_query": 0.0}, "c": plan | {"setup": 1.0, "per_query": 0.25 - 2 ** -30}}
expect(recommend(case, level)["flips"], {"b": 100.0, "c": 2 ** 30 / 10}, rtol=1e-7,
       on="flips at today's traffic, and of nearly the same slope", why="the lines meet, wherever that is")
for seed in range(30, 90):
    case, plans = random_case(seed)
    want, got = judged(case, plans), recommend(case, plans)
    expect(got["flips"], want["flips"], on=f"'flips' of recommend({case}, {plans})", rtol=1e-7, atol=1e-12,
           why="equal cost at this horizon")
equal = {"a": plan, "b": plan | {"setup": 0.0, "per_query": 0.5}, "c": plan}
expect(recommend(case | {"needs": [], "budget": 1e9}, equal)["flips"], {"b": 0.0, "c": None},
       on="flips at 0 and of an equal plan")
case, plans = random_case(3)
unchanged(recommend, case, plans, want=judged(case, plans), rtol=1e-7, atol=1e-12)
### END HIDDEN TESTS

# %% [markdown]
# **A written use case.** A support desk answers 2,000 questions a day about 4,000 products. 3 % of the facts
# change each day. Answers must be right for at least 85 % of the facts, and in the house's form. Training may use
# one card of 80 GB. The horizon is 90 days, the budget 5,000 dollars. The next cell builds the plans for an 8B
# model from your functions, hands them to your `recommend`, and prints all that was compared.
#
# What was assumed: 2,000 tokens of passages a query; 3,000 tokens of examples for the form, where no LoRA gives it;
# nine hits of ten. A training reads 3 million tokens three times and takes 300 dollars of people's work. An
# adapter is served at the tokens' prices and 24 dollars a day, a model of one's own on one GPU for 48. The index
# costs 1 dollar a day and 2 a refresh, and misses 8 %; LoRA does not learn 10 % of the facts, all weights 5 %.

# %% tags=["picture"]
choosing_adaptation.support_desk(recommend, query_cost, train_flop, train_cost, train_memory, PRICES)

# %% [markdown]
# Read it as your manager would: which requirement did each rejected plan fail? Which rival is nearest, and how
# far must the traffic move for it to win? There both cost five times the budget (the dotted line): a flip is a
# place where two lines meet, and not yet a plan that one can pay. Of all that was assumed, which guess would
# change the choice, if it were wrong? The FLOP of a training cost 1 to 2 dollars, its people 300.
#
# ## 7 · The experiment: who is right over four weeks?
#
# A world of 300 facts, each a key (256 numbers) and one of 12 values. Every night 5 % of the facts change. Two
# ways to know them, in the cell below:
#
# - `index`: the facts as they are when it is renewed. A question is a paraphrase, its key plus noise, and the
#   index gives the value of the nearest key. At this noise it is wrong on 6 % of the questions, with all facts
#   fresh.
# - `fine_tune`: a linear layer, trained until it knows all facts of that day. It is asked in the very words of
#   its training, without noise: kinder than life.
#
# | name | what is done |
# |---|---|
# | `"index daily"` | renewed every morning |
# | `"index weekly"` | renewed on days 0, 7, 14, 21 |
# | `"tuned once"` | trained on day 0 |
# | `"tuned weekly"` | trained on days 0, 7, 14, 21 |
#
# It takes about 1 second. **Predict before you run it**: order the four by their share of right answers, averaged
# over days 0 to 27, the best first. You have all that you need to compute it. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the best first
### BEGIN SOLUTION
prediction = ["index daily", "tuned weekly", "index weekly", "tuned once"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["index daily", "index weekly", "tuned once", "tuned weekly"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["index daily", "index weekly", "tuned once", "tuned weekly"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["index daily", "tuned weekly", "index weekly", "tuned once"],
          "Two things cost right answers here: how old a copy is on average, and how often a search misses. Which of "
          "the four pay which?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def index(keys: Tensor, values: Tensor):
    "The facts of today, looked up by the nearest key."
    values = values.clone()
    return lambda questions: values[torch.cdist(questions, keys).argmin(1)]


def fine_tune(keys: Tensor, values: Tensor):
    "A linear layer, trained by Adam on the facts of today."
    W = torch.zeros(keys.shape[1], 12, requires_grad=True)
    adam = torch.optim.Adam([W], lr=0.05)
    for _ in range(60):
        adam.zero_grad()
        torch.nn.functional.cross_entropy(keys @ W, values).backward()
        adam.step()
    return lambda questions: (questions @ W.detach()).argmax(1)


table = choosing_adaptation.four_weeks(index, fine_tune, mean_fresh, prediction=prediction)

# %% [markdown]
# - The thin lines are your `mean_fresh` for the age of each copy, times what the method gets right on a fresh
#   copy. Do the measured points follow them? Then method and freshness are two factors that multiply.
# - Two copies of the same age differ by one factor only. Which one, and what would change it?
# - The second column of the table asks for more: the right answer **in the house's form**, here a fixed renaming
#   of the 12 values that no passage contains. An index cannot know it. A fine-tune learns it on the way. The last
#   row, an index behind which a small layer was trained *once* on the form, is the answer to "RAG or LoRA".
# - What this does not show: how a language model learns facts. The linear layer knew all it was taught; part 1
#   says what was found of real models.
#
# ## 8 · Feel it: your own numbers
#
# Move traffic, context, prices and the pace of change. The left picture is the cost of 90 days by your functions,
# the right one the share of right facts. Where does the choice flip?

# %% tags=["widget"]
choosing_adaptation.widget(query_cost, mean_fresh)

# %% [markdown]
# ## 9 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="insurer"
# An insurer runs a **Llama-3-70B** (70.55 billion parameters) as an assistant for its clerks. 20,000 queries a
# day. The answers need the tariffs: 60,000 passages, of which 1 % change each day. They must cite the passage,
# and be written in the firm's own letter form, which today takes a prefix of 3,000 tokens with examples. At hand:
# 5,000 good letters, two cards of 80 GB. A consultant proposes: **"Fine-tune all weights on tariffs and letters,
# once: that is 6,000 dollars, and RAG is thrown out."** Prices: input 2, cached 0.2, output 8 dollars per million
# tokens; a cache hit for nine queries of ten; passages are 2,000 tokens a query. Write, in about 15 lines:
#
# 1. What is true of the tariffs in his model after 30 days, and what of citing?
# 2. Does his training fit the two cards? What would fit?
# 3. His 6,000 dollars buy how many tokens at 2 dollars an hour and an MFU of 0.4, at a peak of 312 · 10¹² FLOP a
#    second? Compare with LoRA for equal tokens.
# 4. What does the prefix of 3,000 tokens cost a day, with the cache? From how many days on does a LoRA for 300
#    dollars pay that needs a prefix of 200 tokens only and is served at the same prices? And if the provider
#    reserves two GPUs for it, at 2 dollars an hour each, beside the same prices?
# 5. Your recommendation, and the number that would change it.
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Facts**: 0.99³⁰ = 74 % right at best, a quarter of the tariffs wrong, and no passage to cite; deleting and
#   access rights are impossible. (Half a point without the citing.)
# - **Memory**: all weights 16 bytes each, 1,129 GB: no. LoRA on BF16 141 GB and adapters: 144 GB of 160 leaves
#   little for activations; on NF4 36 GB and 3 GB: one card.
# - **Training**: 3,000 hours, 1.35e21 FLOP, 3.2 billion tokens by 6N; LoRA for the same tokens is two thirds of
#   that, 4N. 5,000 letters are some millions of tokens: a few dollars. The gap is memory and data, no factor of
#   100.
# - **Break-even**: with the cache 0.00114 a query, 22.80 dollars a day; prefix of 200 uncached 0.0004, 8.00 a
#   day. Saves 14.80 a day: 300 dollars in about 20 days. Two GPUs are 96 dollars a day: never. (Half a point
#   without the cache.)
# - **Recommendation**: RAG for tariffs in any case; form by prompt with the cache now, LoRA if adapters are
#   served at base prices or the prefix grows or the hit rate falls; a flip named with a number.
#
# === END MARK SCHEME ===

# %% [markdown] written="insurer" points=5
# ### BEGIN SOLUTION
# 1. 0.99^30 = 0.74: at best 74 % of the tariffs are still right, and nobody sees which. Weights cite nothing,
#    cannot be corrected passage by passage, and know no access rights. Tariffs belong into RAG, index renewed
#    daily.
# 2. 16 bytes * 70.55e9 = 1,129 GB against 160: no. LoRA on a BF16 base: 141 GB + 16 bytes * 207 million = 144 GB,
#    little room for activations. On NF4: 36.4 + 3.3 = 39.7 GB, one card.
# 3. 3,000 h * 3600 * 312e12 * 0.4 = 1.35e21 FLOP; / (6 * 70.55e9) = 3.2e9 tokens. LoRA: 4N, two thirds, 4,000
#    dollars for the same tokens. 5,000 letters of 600 tokens are 3 million: a few dollars either way.
# 4. 3,000 * (0.9 * 0.2 + 0.1 * 2) / 1e6 = 0.00114 dollars, * 20,000 = 22.80 a day. 200 tokens are too few for the
#    cache: 0.0004, 8 a day. Saved 14.80 a day: 300 / 14.80 = 20 days. With two reserved GPUs, 96 a day, never at
#    this traffic: it would take 96 / 0.00074 = 130,000 queries a day. (Hosting *all* of it myself is another
#    question: then no token is paid, the passages' 80 dollars a day included.)
# 5. RAG for the tariffs, renewed daily, with citations. The letter form stays in the cached prefix, until
#    adapters can be served at base prices; then LoRA on the 5,000 letters beside RAG. It flips if the hit rate
#    falls: without the cache the prefix costs 120 dollars a day.
# ### END SOLUTION

# %% [markdown]
# ## 10 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="8.1" level="basic"
# <details><summary>When is RAG a better choice than LoRA?</summary>
#
# - When answers need **facts** that change, must be cited, deleted, or shown to some people only. An index takes
#   one changed passage in seconds; weights take a training.
# - A copy of facts of which a share c changes a day is right with $(1 - c)^t$: at 2 % half is wrong after 35
#   days.
# - LoRA is better for **form and skill**: tone, output format, a domain's language, a long instruction sent at
#   every query. Some hundred examples teach a form.
# - Often both: RAG for facts, LoRA for form; RAFT trains the model to read passages.
# - If the facts fit into the prompt, neither: put them there.
# - Slip: "RAG needs no training" forgets index, search and misses. Slip: facts by fine-tuning are learnt slowly,
#   and raise hallucination once learnt (arXiv 2405.05904).
#
# </details>

# %% [markdown] card="8.2" level="medium"
# <details><summary>Compare the cost of RAG, LoRA and full fine-tuning.</summary>
#
# - **Once**: RAG embeds its chunks. LoRA $4N$ FLOP a token, all weights $6N$: a ratio of 1.5 for equal tokens. A
#   70B at 2 dollars an A100-hour and an MFU of 0.4: 40 million tokens are 50 dollars by LoRA, 75 for all weights.
# - **Memory**: all weights 16 bytes a parameter, 1,129 GB for a 70B; LoRA 144 GB; on NF4 39.7 GB; without
#   activations. This is the gap, and it decides the number of GPUs.
# - **Each query**: RAG pays for passages, 2,000 tokens at 2 dollars per million are 0.004 dollars, and some tenths
#   of a second. A merged fine-tune pays nothing extra; adapters beside the base a little; a GPU of your own 48 dollars a day.
# - **Each change of facts**: RAG an entry of the index; a fine-tune a new training.
# - Break-even: once over the saving per query. 75 dollars and 0.001 saved: 75,000 queries.
# - The guide's "50 to 100 against 5,000 to 10,000 dollars" compares 40 to 80 million tokens with 2.7 to 5.3
#   billion.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Prompt tuning, prefix tuning, P-tuning: what is trained, and what does it cost at use?</summary>
#
# - Prompt: n vectors of width D at the input. Prefix (and P-tuning v2): n keys and values in each layer,
#   $2 n L K E$; under GQA a key has $K \cdot E$ numbers, 1,024 for Llama-3-8B. P-tuning: vectors behind a
#   network, which is thrown away afterwards.
# - Llama-2-7B, n = 20: 81,920 numbers (0.0012 %) against 5.24 million (0.078 %). So "0.01 %" says nothing.
# - At use: n positions and n tokens of cache in every sequence, for ever. LoRA merges and costs nothing.
# - A step of training is not cheap: the gradient comes down through all layers.
# - At the input only, it falls behind on models of ordinary size, and catches up at billions of parameters; in
#   every layer it was reported level with full fine-tuning at many sizes.
# - Slip: the mask, the positions, the loss on virtual tokens (label −100).
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>How do prompt caching and long contexts change "RAG or fine-tuning"?</summary>
#
# - A long instruction in front of every query costs the *cached* price: 3,000 tokens at nine hits of ten 0.00114
#   dollars instead of 0.006. A fine-tune of 75 dollars that replaces it pays from 101,351 queries on instead of
#   13,393.
# - Passages are new in each query: no discount. They belong behind the prefix, not before it.
# - A shortened prefix may fall under the least length for the cache, and lose its discount. Entries expire:
#   measure the hit rate at your traffic before you believe in nine of ten.
# - All facts in the prompt, cached, is a plan, too, when they are few: no index, no miss; it is paid at each
#   query, and answers get worse with very long contexts (section 23).
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>"Competitors fine-tune. Decide by tomorrow: RAG, LoRA or full?" What do you compute?</summary>
#
# - **Needs first**: which answers are wrong today, and is it facts or form? Fifty read failures decide more than
#   a benchmark. Facts: context. Form: prompt, then LoRA.
# - **Freshness**: measure c on a sample, a week apart. Share right = (1 − miss) · mean of $(1 - c)^{\text{age}}$.
#   It belongs to the refresh, not to the method.
# - **Memory**: 16 bytes a trained parameter, 2 or 0.52 a frozen one, and activations.
# - **Money**: a line for each plan, once and hosting + each · queries; the lowest line at our traffic, with the
#   prompt cache in it. The pairwise break-even misleads with three plans.
# - **Refresh**: cost / R against wrong answers; the optimum is flat, so be roughly right.
# - **Proof**: one set of real questions, held out, the same for every plan; facts and form scored apart, and what the
#   model could do before.
# - **Answer**: one plan, its price, the rejected ones with the requirement they fail, and the traffic or price at
#   which I would change my mind. Begin with the cheapest that meets the needs: it is the easiest to undo.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>You fine-tuned on your documents, and the model now invents product names. What now?</summary>
#
# - Examples with facts new to the model teach it to answer beyond what it knows; hallucination rose in proportion
#   to such examples learnt (arXiv 2405.05904). They are also learnt last: stopping early is a remedy with a
#   price.
# - Facts in one wording are learnt poorly; many wordings help, RAG helped more (arXiv 2312.05934).
# - Do: take the facts out of the weights, retrieve them; train on question + passages → answer that cites,
#   useless passages among them (RAFT), and on "the passages do not say".
# - Measure: right, wrong, abstained; on old facts too (forgetting, section 04).
#
# </details>

# %% [markdown]
# ## 11 · Sources
#
# Fine-tuning or retrieval: Ovadia et al. 2023, arXiv 2312.05934. New knowledge and hallucination: Gekhman et al.
# 2024, 2405.05904. RAFT: Zhang et al. 2024, 2403.10131. Prompt tuning: Lester et al. 2021, 2104.08691. P-tuning:
# Liu et al. 2021, 2103.10385. Prefix tuning: Li and Liang 2021, 2101.00190. P-tuning v2: Liu et al. 2021,
# 2110.07602. FLOP per token: Kaplan et al. 2020, 2001.08361. LoRA: 2106.09685; QLoRA: 2305.14314. Code: peft
# 0.21.2.
