# %% [markdown]
# # 29 · Neuro-symbolic systems
#
# After this section you can answer, with numbers and with code that you wrote:
#
# - What does a rule engine guarantee, and what does it never guarantee?
# - How do networks and rules work together, in which four patterns, and what crosses the border between them?
# - What does a knowledge graph do for a language model, and why does a prompt full of facts prevent nothing?
# - How can a network learn digits when nobody ever tells it a digit?
#
# Eight exercises. The last trains a network through a rule, from sums alone. It takes about three hours; the end of
# part 4 is a good place to stop. It builds on gradients and log-probabilities, and needs no other section. Retrieval
# into a prompt is the matter of sections 03 and 20, agents that call tools that of section 32.

# %% [markdown] house_rules

# %% [markdown]
# **Letters.** B batch, N examples, K classes (ten digits), D numbers of an image. An *atom* is a statement that is true
# or false, a *rule* says that a head follows from a body, KG is a knowledge graph. `…` is any leading shape. **Units.**
# Probabilities and degrees of truth lie between 0 and 1; log-probabilities are natural logarithms.

# %% setup
import hashlib
import hmac
import itertools
import json
import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course.check import (check, committed, expect, fresh, precise, predicted, raises, unchanged,
                          value_and_grad)
from course.duel import advise, duel

torch.set_num_threads(1)
Atom = tuple[str, ...]  # ("parent", "ann", "bob"); in a rule also ("parent", "?x", "?y")
FAMILY = {("parent", "ann", "bob"), ("parent", "bob", "cid"), ("parent", "cid", "dot")}
ANCESTORS = [(("ancestor", "?x", "?y"), [("parent", "?x", "?y")]),
             (("ancestor", "?x", "?z"), [("parent", "?x", "?y"), ("ancestor", "?y", "?z")])]


def perceive(params: Sequence[Tensor], images: Float[Tensor, "... D"]) -> Float[Tensor, "... K"]:
    "A small network: images to log-probabilities of K classes."
    W1, b1, W2, b2 = params
    return ((images @ W1.T + b1).relu() @ W2.T + b2).log_softmax(-1)


# %% tags=["picture"]
from course.sections import neuro_symbolic

# %% helper
### BEGIN HIDDEN TESTS
from functools import cache


def drawn(*shape, seed, dtype=torch.float32):
    "Normal numbers of a seed of their own."
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def uniform(*shape, seed, dtype=torch.float32):
    "Numbers between 0 and 1 of a seed of their own."
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def is_var(t):
    return isinstance(t, str) and t[:1] == "?"


def tuples(t):
    "A term with tuples for lists."
    return tuple(map(tuples, t)) if isinstance(t, (tuple, list)) else t


def variables(t):
    "The variables of a term, sorted."
    if isinstance(t, tuple):
        return sorted({v for x in t for v in variables(x)})
    return [t] if is_var(t) else []


def applied(s, t):
    "A term with a resolved substitution put in, once."
    return tuple(applied(s, x) for x in t) if isinstance(t, tuple) else s.get(t, t) if is_var(t) else t


def mgu(pairs):
    "The oracle: equations rewritten one at a time, each binding put into all others at once (Martelli and Montanari)."
    pairs, s = list(pairs), {}
    while pairs:
        a, b = pairs.pop(0)
        if a == b and type(a) is type(b):
            continue
        if is_var(b) and not is_var(a):
            a, b = b, a
        if is_var(a):
            if a in variables(b):
                return None
            one = {a: b}
            pairs = [(applied(one, x), applied(one, y)) for x, y in pairs]
            s = {k: applied(one, v) for k, v in s.items()} | one
        elif isinstance(a, tuple) and isinstance(b, tuple) and len(a) == len(b):
            pairs = [*zip(a, b), *pairs]
        else:
            return None
    return s


def renamed(a, b, there, back):
    "Whether two terms are equal up to other names of their variables."
    if is_var(a) and is_var(b):
        return there.setdefault(a, b) == b and back.setdefault(b, a) == a
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(renamed(x, y, there, back) for x, y in zip(a, b))
    return not is_var(a) and not is_var(b) and a == b and type(a) is type(b)


def looked_at(unify, a, b, subst=None):
    "Whether unify's answer is a most general unifier, however it is written."
    given = () if subst is None else (dict(subst),)
    got = unify(a, b, *given)
    call = f"unify({a!r}, {b!r}{', ' + repr(subst) if subst is not None else ''})"[:400]
    want = mgu([(a, b), *(subst or {}).items()])
    if want is None:
        assert got is None, f"{call}: expected None, nothing makes them equal; got {got!r}"
        return
    assert isinstance(got, dict), f"{call}: expected a dict such as {want!r}, got {got!r}"
    got = {k: tuples(v) for k, v in got.items()}
    whole = (a, b, *(subst or {}), *(subst or {}).values())
    names = variables(whole)
    assert set(got) <= set(names), f"{call}: only variables of the call are bound, got {got!r}"
    inside = {v for t in got.values() for v in variables(t)}
    assert not inside & set(got), \
        f"{call}: expected a resolved answer, but {sorted(inside & set(got))[:3]} is bound and stands in a value: {got!r}"
    assert set(subst or {}) <= set(got) | inside, f"{call}: the bindings made before were lost: {got!r}"
    assert all(renamed(applied(got, v), applied(want, v), {}, {}) for v in names) and renamed(
        applied(got, tuple(names)), applied(want, tuple(names)), {}, {}), \
        f"{call}: expected {want!r}, up to the names of free variables; got {got!r}"


def fits(atom, fact, env):
    "env, with what makes atom the fact; None if nothing does."
    if len(atom) != len(fact) or atom[0] != fact[0]:
        return None
    env = dict(env)
    for t, c in zip(atom[1:], fact[1:]):
        if t[:1] == "?":
            if env.setdefault(t, c) != c:
                return None
        elif t != c:
            return None
    return env


def closed(facts, rules):
    "The oracle of the closure: everything anew, until nothing is."
    known = set(facts)
    while True:
        found = set()
        for head, body in rules:
            envs = [{}]
            for atom in body:
                envs = [e for env in envs for f in known if (e := fits(atom, f, env)) is not None]
            found |= {(head[0], *(env.get(t, t) for t in head[1:])) for env in envs}
        if found <= known:
            return known
        known |= found


def proven(facts, rules, got, on):
    "Looks at closure and proofs as forward_chain gave them."
    assert isinstance(got, (tuple, list)) and len(got) == 2, f"{on}: expected (closure, proof), got {type(got).__name__}"
    closure, proof = got
    want = closed(facts, rules)
    assert isinstance(closure, (set, frozenset)), f"{on}: the closure is a set, got {type(closure).__name__}"
    missing, more = sorted(want - closure)[:3], sorted(closure - want)[:3]
    assert closure == want, f"{on}: the closure lacks {missing} and has too many {more} (at most three shown)"
    assert isinstance(proof, dict) and set(proof) == want - set(facts), \
        f"{on}: proofs are asked for exactly the derived facts; wrong: {sorted(set(proof) ^ (want - set(facts)))[:3]}"
    for fact, why in proof.items():
        i, premises = why
        head, body = rules[i]
        premises = [tuple(p) for p in premises]
        env = {} if len(premises) == len(body) else None
        for atom, premise in zip(body, premises):
            env = fits(atom, premise, env) if env is not None and premise in want else None
        assert env is not None and (head[0], *(env.get(t, t) for t in head[1:])) == fact, \
            f"{on}: {premises} and rule {i} do not give {fact}"
    sound, left = set(facts), dict(proof)
    while left:
        ready = [f for f, (_, premises) in left.items() if all(tuple(p) in sound for p in premises)]
        assert ready, f"{on}: proofs lean on one another in a circle, among them that of {next(iter(left))}"
        sound |= set(ready)
        for f in ready:
            del left[f]


def verdict(claim, kg, functional, inverse, aliases, open_world):
    "The oracle of check_claims, one triple at a time."
    def name(e):
        while e in aliases:
            e = aliases[e]
        return e
    s, r, o = name(claim[0]), claim[1], name(claim[2])
    holds = against = False
    for s1, r1, o1 in kg:
        s1, o1 = name(s1), name(o1)
        holds |= (s1, r1, o1) == (s, r, o)
        against |= r1 == r and (r in functional and s1 == s and o1 != o or r in inverse and o1 == o and s1 != s)
    if not holds and not open_world:
        against = True
    return {(True, False): "supported", (False, True): "contradicted", (True, True): "disputed",
            (False, False): "unknown"}[holds, against]


def rule(id, priority=0, needs=(), unless=(), decisions=None, override=None, stop=False):
    "A rule of validate."
    return dict(id=id, priority=priority, needs=list(needs), unless=list(unless),
                decisions=decisions if decisions is None else list(decisions), override=override, stop=stop)


def validated(decision, facts, rules, key):
    "The oracle of validate: the best rule that is left, again and again."
    left, now, checked, fired = list(rules), decision, [], []
    while left:
        top = max(r["priority"] for r in left)
        r = min((r for r in left if r["priority"] == top), key=lambda r: r["id"])
        left.remove(r)
        checked.append(r["id"])
        if ((r["decisions"] is None or now in r["decisions"]) and all(f in facts for f in r["needs"])
                and not any(f in facts for f in r["unless"])):
            fired.append(r["id"])
            now = now if r["override"] is None else r["override"]
            if r["stop"]:
                break
    seal = hmac.new(key, json.dumps(sorted(facts)).encode("utf-8"), hashlib.sha256).hexdigest()
    return now, fired, {"raw": decision, "final": now, "checked": checked, "fired": fired, "input": seal}


def spelt(f):
    "A formula in Python's own words."
    if not isinstance(f, tuple):
        return f"world[{f}]"
    if f[0] == "not":
        return f"(not {spelt(f[1])})"
    return f"({f' {f[0]} '.join(map(spelt, f[1:]))})" if f[1:] else str(f[0] == "and")


@cache
def truth(f):
    "Tells for a world whether the formula holds."
    return eval(f"lambda world: {spelt(f)}")


def leaves(f):
    "The atoms of a formula."
    return {a for g in f[1:] for a in leaves(g)} if isinstance(f, tuple) else {f}


def counted(f, probs):
    "The oracle of wmc for one row, by conditioning on one atom after the other, in float64."
    holds = truth(f)

    def given(world, left):
        if not left:
            return 1.0 if holds(world) else 0.0
        p = float(probs[left[0]])
        return p * given(world | {left[0]: True}, left[1:]) + (1 - p) * given(world | {left[0]: False}, left[1:])
    return given({}, sorted(leaves(f)))


def summed(log_p, log_q):
    "The oracle of sum_distribution in float64: one sum at a time."
    log_p, log_q = log_p.double(), log_q.double()
    m, n = log_p.shape[-1], log_q.shape[-1]
    pairs = (log_p[..., :, None] + log_q[..., None, :]).flip(-1)  # those of one sum stand on one diagonal
    return torch.stack([pairs.diagonal(n - 1 - s, -2, -1).logsumexp(-1) for s in range(m + n - 1)], -1)


def network(D, H, K, seed, dtype=torch.float64):
    "Weights of a small network."
    return [drawn(H, D, seed=seed, dtype=dtype) / D ** 0.5, drawn(H, seed=seed + 1, dtype=dtype) / 5,
            drawn(K, H, seed=seed + 2, dtype=dtype) / H ** 0.5, drawn(K, seed=seed + 3, dtype=dtype) / 5]


def learnt(params, images, totals, batches, lr):
    "The oracle of learn: every reading that gives the sum is spelt out; torch's Adam."
    params = [p.detach().clone().requires_grad_() for p in params]
    W1, b1, W2, b2 = params
    adam, losses = torch.optim.Adam(params, lr=lr), []
    for rows in batches:
        terms = []
        for i in rows.tolist():
            logp = ((images[i] @ W1.T + b1).clamp(min=0) @ W2.T + b2).log_softmax(-1)
            ways = [w for w in itertools.product(range(logp.shape[1]), repeat=len(logp)) if sum(w) == int(totals[i])]
            terms.append(-torch.stack([sum(logp[k, d] for k, d in enumerate(w)) for w in ways]).logsumexp(0))
        loss = sum(terms) / len(terms)
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return [p.detach() for p in params], losses
### END HIDDEN TESTS

# %% [markdown]
# ## 1 · Terms, and what makes two of them equal
#
# A **neural network** learns from examples and bears noise. A **symbolic system** holds facts and rules that a person
# can read, and derives what follows. A *neuro-symbolic* system has both. The idea is older than the name: KBANN
# compiled rules into a network in 1990 and DeepProbLog joined networks to a probabilistic logic in 2018 (arXiv
# 1805.10872). Today's best-known example is AlphaGeometry (Nature, 2024): a language model proposes a construction, a
# rule engine deduces.
#
# **What does the symbolic part guarantee?** That the conclusion follows from facts and rules. No more. Garbage rules
# give certified garbage, and where a network supplies the facts, its mistakes are facts. "Symbolic systems reason
# perfectly" leaves out the price as well: the logic of this part is decidable and quick, many richer ones are NP-hard
# (no fast method is known) or undecidable.
#
# Four patterns of how the two meet:
#
# | pattern | what crosses the border | here |
# |---|---|---|
# | network → symbols | labels become facts, rules decide | parts 3 and 4 |
# | symbols → network | a rule becomes a term of the loss | part 5 |
# | logic inside the network | probabilities go through the rule, gradients come back | parts 6 and 7 |
# | a language model calls a solver | a program or query goes out, its result comes back | section 32 |
#
# Henry Kautz's list has six; "sequential, parallel, embedded" is a coarser cut. Ask of any pattern: **what crosses,
# and does a gradient come back?** Where none does, as behind a solver, a network still learns from reward: sample, run the
# solver, make what it accepted likelier.
#
# **Terms.** A *variable* is a string that begins with `?`. A *compound* is a tuple of terms. All else is a *constant*.
# To use a rule on a fact, find values for variables that make two terms equal: to **unify** them. `("parent", "?x",
# "bob")` and `("parent", "ann", "?y")` become equal by `{"?x": "ann", "?y": "bob"}`.
#
# Many substitutions may do. Wanted is the **most general** one, which decides nothing that it need not decide. It is
# unique up to the names of the variables that stay free (Robinson 1965).
#
# **The catch: a variable inside its own value.** `"?x"` and `("f", "?x")` are equal for no finite term. The test for
# that is the *occurs check*. Prolog, the best-known language of logic programming, leaves it out by default, for
# speed. In a deduction the missing test is unsound.
#
# ### Exercise 29.1 · unify
#
# A most general unifier of two terms as a dict, or None if there is none.
#
# - Constants are strings and ints. The empty string, 0 and the empty tuple `()` are ordinary terms; `1` and `"1"` are
#   different. Tuples of different lengths are different. A lone `"?"` is a variable.
# - `subst` holds bindings that were made before and must go on holding: `{"?x": "?y", "?y": "b"}` says x = y and y = b.
#   A value may hold variables that other entries bind, but never in a circle. None is no binding. It is not changed.
# - **The answer is resolved**: it holds the earlier bindings and the new ones, and no variable that is a key stands in
#   any value. No variable is bound to itself. For the call above with `subst`, `"?x"` and `"?y"` both give `"b"`.
# - Where two free variables meet, either may be bound to the other. Any most general answer is right. (Of an earlier
#   binding of one free variable to another the direction may turn.)
# - Occurs check: also through several bindings. Chains may be 200 bindings long, tuples 300 entries, nesting 30.
#
# Source: J. A. Robinson, *A Machine-Oriented Logic Based on the Resolution Principle*, JACM 12(1), 1965.

# %% stub="unify"
def unify(a: object, b: object, subst: dict | None = None) -> dict | None:
    """What makes two terms equal: variable -> term, resolved; None if nothing does.

    unify(("f", "?x", "b"), ("f", "a", "?y")) is {"?x": "a", "?y": "b"}.
    """
    ### BEGIN SOLUTION
    def var(t):
        return isinstance(t, str) and t.startswith("?")

    def walk(t):
        while var(t) and t in s:
            t = s[t]
        return t

    def occurs(v, t):
        t = walk(t)
        return t == v or isinstance(t, tuple) and any(occurs(v, x) for x in t)

    def resolve(t):
        t = walk(t)
        return tuple(resolve(x) for x in t) if isinstance(t, tuple) else t

    s, todo = dict(subst or {}), [(a, b)]
    while todo:
        x, y = map(walk, todo.pop())
        if x == y:
            continue
        if var(x) or var(y):
            v, t = (x, y) if var(x) else (y, x)
            if occurs(v, t):
                return None
            s[v] = t
        elif isinstance(x, tuple) and isinstance(y, tuple) and len(x) == len(y):
            todo += zip(x, y)
        else:
            return None
    return {v: resolve(t) for v, t in s.items()}
    ### END SOLUTION
    raise NotImplementedError("unify")

# %% [markdown] hints="unify"
# <details><summary>Hint 1: a question</summary>
#
# `("f", "?x", "?x")` against `("f", "?y", "a")`: what do you know when you come to the third entries, and where did you
# write it down?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `("p", "?x", ("g", "?y"))` and `("p", ("g", "?z"), "?x")`. The second entries bind x to g(z). In the third x is met
# again, so g(y) meets g(z), and y meets z. Resolved, with y bound to z: x is g(z), y is z.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# x bound to f(y), then y against f(x): no term holds itself directly, yet x would be f(f(x)). The occurs check must
# look *through* bindings.
#
# </details>

# %% graded="unify__values" points=2
# Looks at constants, variables, compounds; a variable met twice; the empty string, 0 and ().
check(unify, ("f", "?x", "b"), ("f", "a", "?y"), want={"?x": "a", "?y": "b"}, why="entry by entry")
check(unify, ("f", "?x", "?x"), ("f", "a", "b"), want=None, why="?x cannot be a and b",
      mistakes={"the last binding won": {"?x": "b"}, "the first binding won": {"?x": "a"}})
check(unify, ("f", "a"), ("f", "a", "a"), want=None, why="tuples of different lengths are different",
      mistakes={"the rest of the longer one was dropped": {}})
check(unify, "a", "a", want={}, why="equal already: nothing is bound, which is not None")
### BEGIN HIDDEN TESTS
for a, b in [("?x", "?x"), ("?x", "?y"), ("?x", ""), ("", "?x"), ("", ""), ("?x", 0), (0, "?x"), (0, 0), (1, "1"),
             (1, 2), (("f", "?x", 3), ("f", 4, 5)), (0, ""), ((), ""), ((), ()), ("?x", ()), ((), ("a",)), ("?", "a"),
             ("a", "?"), ("a?", "a"), ("a?", "?a"),
             ("a", ("a",)), (("?f", "a"), ("g", "a")), (("f", "?x", "?y"), ("f", "?y", "a")),
             (("f", "?x", "?y"), ("f", "?y", "?x")), (("f", "?x", "?y", "?x"), ("f", "?y", "?z", "c")),
             (("f", ("g", "?x"), "?x"), ("f", "?z", ("h", "?w"))), (("f", "?x", "b"), ("f", "a", "a")),
             (("p", "?x", ("g", "?y")), ("p", ("g", "?z"), "?x")), (("f", "?x"), ("g", "?x")),
             ((("a", "?x"), ("b", "?x")), (("a", "?y"), ("?z", 7))), (("f", ("g", "a")), ("f", ("g", "b"))),
             (("f", "?x", "?x"), ("f", 0, "")), (("f", "?x", "?x"), ("f", "?y", 0)), (("f", "?a", "?b", "?c", "?d"),
                                                                              ("f", "?b", "?c", "?d", "?a"))]:
    looked_at(unify, a, b)
    looked_at(unify, b, a)
rng = np.random.default_rng(0)
def term(depth, names=("?x", "?y", "?z", "?w", "a", "b", 0, "")):
    if depth == 0 or rng.random() < 0.35:
        return names[rng.integers(len(names))]
    return ("f", *(term(depth - 1, names) for _ in range(rng.integers(1, 4))))
for _ in range(200):
    looked_at(unify, term(3), term(3))
for _ in range(80):
    pattern = term(4)
    looked_at(unify, pattern, applied({"?x": ("g", "?u"), "?y": "?z", "?w": 3}, pattern))
long = tuple(f"?v{i}" for i in range(300))
check(unify, long, tuple(range(300)), want={v: i for i, v in enumerate(long)}, why="300 entries")
check(unify, (*range(299), ("f", "?v0")), long, want={v: i for i, v in enumerate(long[:-1])} | {"?v299": ("f", 0)},
      why="300 entries")
### END HIDDEN TESTS

# %% graded="unify__occurs" points=2
# Looks at a variable that would stand inside its own value, directly or through others.
check(unify, "?x", ("f", "?x"), want=None, why="no finite term equals f of itself",
      mistakes={"there is no occurs check": {"?x": ("f", "?x")}})
### BEGIN HIDDEN TESTS
for a, b in [(("f", "?x"), "?x"), ("?x", ("f", ("g", ("h", "a", "?x")))), (("p", "?x", "?y"), ("p", ("f", "?y"), ("f", "?x"))),
             (("p", "?x", "?y", "?z"), ("p", ("f", "?y"), ("f", "?z"), ("f", "?x"))),
             (("p", "?x", "?x"), ("p", "?y", ("f", "?y"))), (("p", "?x", "?y", "?x"), ("p", "?y", "?z", ("f", "?z"))),
             (("p", "?x", ("g", "?x")), ("p", ("g", "?y"), "?y")), ("?x", ("?x",)), ("?x", ("a", 0, "?x")),
             (("p", "?x", "?x"), ("p", "?x", "?x")), (("p", "?x", "?y"), ("p", ("f", "?y"), "?x"))]:
    looked_at(unify, a, b)
    looked_at(unify, b, a)
looked_at(unify, "?x", ("f", "?y"), {"?y": ("g", "?x")})
looked_at(unify, "?x", "?y", {"?y": ("g", "?z"), "?z": "?x"})
deep = "?x"
for _ in range(29):
    deep = ("s", deep)
looked_at(unify, "?x", deep)
looked_at(unify, "?y", deep)
for bottom in ("a", "?y", ("s", "?x"), ("s", "a")):
    other = applied({"?x": bottom}, deep)
    looked_at(unify, deep, other)
    looked_at(unify, ("p", "?x", other), ("p", "b", deep))
### END HIDDEN TESTS

# %% graded="unify__bindings" points=2
# Looks at bindings made before, long chains, the answer resolved, the arguments after the call.
check(unify, "?z", "?x", {"?x": "?y", "?y": "b"}, want={"?x": "b", "?y": "b", "?z": "b"},
      why="every key resolved to the end",
      mistakes={"one step only": {"?x": "?y", "?y": "b", "?z": "?y"},
                "the answer is not resolved": {"?x": "?y", "?y": "b", "?z": "b"}})
unchanged(unify, ("f", "?x"), ("f", "a"), {"?y": ("g", "?x")}, want={"?x": "a", "?y": ("g", "a")})
### BEGIN HIDDEN TESTS
for a, b, s in [("?x", "a", {"?x": "a"}), ("?x", "a", {"?x": "b"}), ("?x", "a", {"?x": 0}), ("?x", 0, {"?x": ""}),
                ("a", "a", {"?x": ("f", "?y"), "?y": "?z"}), ("a", "b", {"?x": "a"}), ("?x", "?y", {"?x": "?z", "?y": "?z"}),
                ("?z", "a", {"?x": ("f", "?y"), "?y": "?z"}),
                (("f", "?x"), ("f", "?q"), {"?x": ("g", "?y"), "?y": ("h", "?z")}),
                (("f", "?x", "?y"), ("f", "?y", "?z"), {"?z": "c"}), ("?x", "?x", {}), ("?y", "?x", {"?x": "?y"}),
                (("f", "?x", "?y"), ("f", "?y", "?x"), {"?x": "?z"})]:
    looked_at(unify, a, b, s)
    looked_at(unify, b, a, s)
looked_at(unify, ("p", "?x", "?y"), ("p", ("f", ("g", "?y")), "a"))  # bound later, two levels inside an earlier value
looked_at(unify, "?w", ("f", ("f", ("f", "?x"))), {"?x": "?y", "?y": ("f", ("f", "?z", "?z")), "?z": 0})
rng = np.random.default_rng(4)
def inner(depth, names):
    if depth == 0 or rng.random() < 0.2:
        return names[rng.integers(len(names))]
    return ("f", *(inner(depth - 1, names) for _ in range(rng.integers(1, 3))))
for _ in range(30):  # always equal: each value holds later variables alone
    values = [inner(2, ("?b", "?c", "?d", 0)), inner(3, ("?c", "?d", "k")), inner(2, ("?d", "?e", "")),
              inner(1, ("k", 0, "?e"))]
    order = rng.permutation(4)
    names = ("?a", "?b", "?c", "?d")
    looked_at(unify, tuple(names[i] for i in order), tuple(values[i] for i in order))
    looked_at(unify, "?new", ("f", ("f", names[order[0]])), dict(zip(names, values)))
chain = {f"?v{i}": f"?v{i + 1}" for i in range(200)}
looked_at(unify, "?v0", "end", chain)
looked_at(unify, "?v200", 0, chain)
looked_at(unify, "?v200", ("f", "?v3"), chain)
looked_at(unify, ("f", *chain), ("f", *chain.values()))
unchanged(unify, "?z", "?x", {"?x": ("f", "?y"), "?y": 0}, want={"?x": ("f", 0), "?y": 0, "?z": ("f", 0)})
unchanged(unify, "a", "a", {"?x": "?y", "?y": 0}, want={"?x": 0, "?y": 0})
looked_at(unify, "?x", "a")
looked_at(unify, "?y", "b")  # nothing is left over from the call before
### END HIDDEN TESTS

# %% [markdown]
# Prolog starts from a *goal* and unifies it with the heads of rules, whose bodies become new goals: **backward
# chaining**. Each use of a rule needs fresh variables ("standardising apart"), else the `?x` of a rule meets the `?x`
# of the goal. It looks only at what the goal needs, and runs forever on `p ← p` unless guarded. The next part goes the
# other way.
#
# ## 2 · Rules that run to the end
#
# A *fact* is an atom without variables, `("parent", "ann", "bob")`: the predicate first, then its arguments. A *rule* is
# a pair of a head and a body, a list of atoms: whenever one choice of its variables makes all atoms of the body facts,
# the head with that choice is a fact. **Forward chaining** adds facts until no rule adds another. Without compounds,
# as here, the language is called **Datalog**. It has finitely many constants, so finitely many atoms, so chaining ends,
# also with rules that go in circles. The closure is all that follows and nothing else: *sound and complete* for these
# rules and facts.
#
# **A rule must be safe**: each variable of its head occurs in its body. `("likes", "?x", "?y")` from `("person", "?x")`
# would make everybody like everything, and what is everything?
#
# **The catch: the same work in each round.** The naive way tries all rules on all facts until nothing changes. On a chain
# of 40 links the closure takes 40 rounds, and each finds all earlier ancestors again. **Semi-naive** evaluation notes
# that a new fact needs at least one premise that was new in the round before. So in each round each atom of a body in
# turn is matched with the *new* facts alone, the others with all:
#
# $$\Delta_{t+1} = \bigcup_i \;\text{rule}(\text{known}, \dots, \underbrace{\Delta_t}_{\text{atom } i}, \dots,
# \text{known}) \;\setminus\; \text{known}.$$
#
# **Explanations come for free**, if one writes down for each new fact which rule and which premises gave it. They form
# a proof tree down to given facts. This is what "explainable" means, and its limit: the tree explains what follows from
# the facts. Why the network *said* "Bob is in the picture", no tree tells.
#
# ### Exercise 29.2 · forward_chain
#
# All that follows from `facts` by `rules`, and a proof of each derived fact: a pair `(closure, proof)`.
#
# - `closure` is a new set: the given facts and all that follow. `proof` is a dict whose keys are **exactly the derived
#   facts**, those not given; `proof[fact]` is `(i, premises)`: the number of the rule in `rules`, and the facts that its
#   body became, in the body's order.
# - **Proofs are grounded**: following premises always ends at given facts. A fact may have many proofs; any grounded one
#   is right.
# - Atoms are tuples of strings, the predicate first and never a variable; arguments that begin with `?` are variables in
#   rules. The empty string is an ordinary constant. A predicate may come with several numbers of arguments, zero too;
#   those do not match one another. A variable that occurs twice, in an atom or in a body, stands for one value.
# - An empty body holds always; its head then has no variables. A rule whose head has a variable that its body lacks
#   raises ValueError, whether or not the rule would ever fire. Bodies have at most 6 atoms.
# - `facts` (a set) and `rules` (a list) are not changed.
# - Speed counts: the timed check has a chain of 30 links.
#
# Source: Abiteboul, Hull and Vianu, *Foundations of Databases* (1995), chapters 12 and 13.

# %% stub="forward_chain"
def forward_chain(facts: set[Atom],
                  rules: list[tuple[Atom, list[Atom]]]) -> tuple[set[Atom], dict[Atom, tuple[int, list[Atom]]]]:
    """The closure of the facts under the rules, and a proof of each derived fact.

    From ("p", "a") by [(("q", "?x"), [("p", "?x")])]: ({("p", "a"), ("q", "a")}, {("q", "a"): (0, [("p", "a")])}).
    """
    ### BEGIN SOLUTION
    for head, body in rules:
        if any(t.startswith("?") and all(t not in atom[1:] for atom in body) for t in head[1:]):
            raise ValueError(f"unsafe: {head}")

    def matches(atoms, sources, env, used):
        if not atoms:
            yield env, used
            return
        atom = atoms[0]
        for fact in sources[0].get((atom[0], len(atom)), ()):
            new = dict(env)
            if all(new.setdefault(t, c) == c if t.startswith("?") else t == c for t, c in zip(atom[1:], fact[1:])):
                yield from matches(atoms[1:], sources[1:], new, [*used, fact])

    def by_name(some):
        table = {}
        for fact in some:
            table.setdefault((fact[0], len(fact)), []).append(fact)
        return table

    known, old, proof = set(facts), {}, {}
    new = {head: (i, []) for i, (head, body) in enumerate(rules) if not body and head not in known}
    proof, known = dict(new), known | set(new)
    delta = by_name(known)
    while delta:
        found, every = {}, {k: old.get(k, []) + delta.get(k, []) for k in {*old, *delta}}
        for i, (head, body) in enumerate(rules):
            for j in range(len(body)):  # atom j is new, those before it are old
                for env, used in matches(body, [old] * j + [delta] + [every] * (len(body) - j - 1), {}, []):
                    fact = (head[0], *(env.get(t, t) for t in head[1:]))
                    if fact not in known:
                        found.setdefault(fact, (i, used))
        proof |= found
        known |= set(found)
        old, delta = every, by_name(found)
    return known, proof
    ### END SOLUTION
    raise NotImplementedError("forward_chain")

# %% [markdown] hints="forward_chain"
# <details><summary>Hint 1: a question</summary>
#
# In round 7, which pairs of facts has the rule never seen together? Those are the only ones worth trying.
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `FAMILY` and `ANCESTORS` of the first code cell. Round 1 finds three ancestors, one for each parent. Round 2 matches
# "ancestor y z" with those three alone: (ann, cid) and (bob, dot). Round 3 with those two: (ann, dot). Round 4 finds
# nothing. The proof of (ann, dot) is rule 1 with (parent ann bob) and (ancestor bob dot).
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Write a proof down once, when the fact is first found, from premises of *earlier* rounds. Overwritten later, two facts
# may come to prove each other. And an empty body has no atom that could be new.
#
# </details>

# %% graded="forward_chain__closure" points=3
# Looks at the closure: constants, variables met twice, circles, empty bodies, many body atoms.
closure, proof = forward_chain(FAMILY, ANCESTORS)
expect(closure - FAMILY, {("ancestor", *pair) for pair in [("ann", "bob"), ("bob", "cid"), ("cid", "dot"), ("ann", "cid"),
                                                           ("bob", "dot"), ("ann", "dot")]},
       on="what FAMILY gives by ANCESTORS", why="six ancestors in three rounds",
       mistakes={"one round only": {("ancestor", "ann", "bob"), ("ancestor", "bob", "cid"), ("ancestor", "cid", "dot")}})
expect(forward_chain({("e", "a", "b"), ("e", "c", "c")}, [(("loop", "?x"), [("e", "?x", "?x")])])[0],
       {("e", "a", "b"), ("e", "c", "c"), ("loop", "c")}, on="loop(x) from e(x, x)",
       why="a variable that occurs twice stands for one value")
### BEGIN HIDDEN TESTS
E = {("e", "a", "b"), ("e", "b", "c"), ("e", "c", "a"), ("e", "c", "c"), ("e", "d", ""), ("e", "", "a"), ("e", "a"), ("e",)}
PROGRAMS = [
    (set(), []), (E, []), (set(), [(("p", "?x"), [("q", "?x")])]), (E, [(("s",), [])]),
    (set(), [(("s", "a"), []), (("t", "a", "?x"), [("s", "?x")])]), ({("s", "a")}, [(("s", "a"), []), (("s", "b"), [])]),
    (E, [(("t", "?x", "?y"), [("e", "?x", "?y")]), (("t", "?x", "?z"), [("t", "?x", "?y"), ("t", "?y", "?z")])]),
    (E, [(("e", "?y", "?x"), [("e", "?x", "?y")])]),
    (E, [(("one",), [("e", "?x")]), (("none",), [("e",), ("one",)]), (("e",), [("none",)])]),
    (E, [(("from_c", "?x"), [("e", "c", "?x")]), (("to_", "?x"), [("e", "?x", "")])]),
    (E, [(("tri", "?x", "?y", "?z"), [("e", "?x", "?y"), ("e", "?y", "?z"), ("e", "?z", "?x")])]),
    (E, [(("pair", "?x", "?y"), [("e", "?x", "?q"), ("e", "?y", "?r")])]),
    (E, [(("p", "?x", "fixed"), [("e", "?x", "?y"), ("e", "?y", "?x")]), (("q", "?y"), [("p", "?x", "?y")])]),
    (E, [(("even", "?x"), [("odd", "?y"), ("e", "?y", "?x")]), (("odd", "?x"), [("even", "?y"), ("e", "?y", "?x")]),
         (("even", "d"), [])]),
    (E, [(("p", "?x"), [("e", "?x")]), (("p", "?x"), [("p", "?x")]), (("q", "?x"), [("r", "?x")])]),
    ({("n", str(i)) for i in range(4)}, [(("six", "?a", "?f"), [("n", v) for v in ("?a", "?b", "?a", "?b", "?e", "?f")])]),
    ({("bird", "tux"), ("bird", "robin")}, [(("flies", "?x"), [("bird", "?x")]), (("sings", "robin"), [("flies", "robin")])])]
NEAR = {("e", "n1", "n10"), ("e", "n10", "n2"), ("e", "n", "n1"), ("ee", "n1", "n2")}
PROGRAMS += [(NEAR, [(("from_n1", "?x"), [("e", "n1", "?x")]), (("to_n1", "?x"), [("e", "?x", "n1")]),
                     (("no",), [("e", "n1", "n1")])])]
CASES = {("e", "a", "A"), ("e", "A", "b"), ("E", "b", "a"), ("e", "b", "B")}
PROGRAMS += [(CASES, [(("two", "?x", "?X"), [("e", "?x", "?y"), ("e", "?y", "?X")]), (("from_a", "?y"), [("e", "a", "?y")]),
                      (("back", "?x"), [("e", "?x", "?X"), ("E", "?X", "?x")]), (("E", "?x"), [("E", "?x", "A")])])]
for j in range(6):  # one atom of six comes true in the third round, all others are given
    body = [("n", v) for v in ("?a", "?b", "?a", "?c", "?b", "?a")]
    PROGRAMS += [({("n", "1"), ("n", "2")}, [(("six", "?x"), [*body[:j], ("late", "?x"), *body[j + 1:]]),
                                             (("late", "?x"), [("soon", "?x")]), (("soon", "1"), [("n", "1")])])]
for facts, rules in PROGRAMS:
    proven(facts, rules, forward_chain(set(facts), [(h, list(b)) for h, b in rules]), f"forward_chain on {rules}")
rng = np.random.default_rng(0)
for _ in range(25):
    facts = {("e", f"n{i}", f"n{j}") for i, j in rng.integers(0, 6, (7, 2))} | {("m", f"n{i}") for i in rng.integers(0, 6, 2)}
    rules = [(("t", "?x", "?y"), [("e", "?x", "?y")]), (("t", "?x", "?z"), [("t", "?x", "?y"), ("e", "?y", "?z")]),
             (("m", "?y"), [("m", "?x"), ("t", "?x", "?y")]), (("both", "?x"), [("t", "?x", "?x"), ("m", "?x")])]
    rules = [rules[i] for i in rng.permutation(4)]
    proven(facts, rules, forward_chain(set(facts), rules), f"forward_chain on a random graph, {sorted(facts)}")
dozen = {("n", f"n{i}") for i in range(12)}
expect(len(forward_chain(dozen, [(("three", "?x", "?y", "?z"), [("n", "?x"), ("n", "?y"), ("n", "?z")])])[0]), 12 + 12 ** 3,
       on="the size of the closure of three of twelve", why="every choice of the variables counts")
rules = [(("reached", "?y"), [("reached", "?x"), ("e", "?x", "?y")])]
far = {("e", "s", f"x{i}") for i in range(300)} | {("reached", "s")}
expect(len(forward_chain(far, rules)[0]), 601, on="the size of the closure of a star of 300 rays")
expect(len(forward_chain({("e", f"{i}", f"{i + 1}") for i in range(130)} | {("reached", "0")}, rules)[0]), 261,
       on="the size of the closure of a chain of 130 links", why="one link a round")
expect(forward_chain(FAMILY, ANCESTORS)[0], closed(FAMILY, ANCESTORS), on="the closure after all these calls",
       why="nothing is left over from earlier calls")
### END HIDDEN TESTS

# %% graded="forward_chain__proofs" points=3
# Looks at the proofs: exactly the derived facts, premises in order, grounded.
closure, proof = forward_chain(FAMILY, ANCESTORS)
expect(proof.get(("ancestor", "ann", "dot")), (1, [("parent", "ann", "bob"), ("ancestor", "bob", "dot")]),
       on="the proof that ann is an ancestor of dot", why="rule 1, its premises in the order of its body")
expect(set(proof), closure - FAMILY, on="the facts that have a proof", why="exactly the derived ones")
### BEGIN HIDDEN TESTS
SAME = [(("same", "?y", "?x"), [("same", "?x", "?y")]), (("same", "?x", "?z"), [("same", "?x", "?y"), ("same", "?y", "?z")])]
for facts, rules in [({("same", "a", "b"), ("same", "b", "c"), ("same", "d", "c")}, SAME),
                     ({("same", "a", "b")}, SAME[:1]), ({("same", "a", "a")}, SAME), ({("same", "a", "b")}, SAME[::-1]),
                     ({("p", "a")}, [(("q", "?x"), [("p", "?x")]), (("p", "?x"), [("q", "?x")]), (("r", "?x"), [("q", "?x")]),
                                     (("q", "?x"), [("r", "?x")])]),
                     ({("p", "a"), ("q", "a")}, [(("q", "?x"), [("p", "?x")]), (("p", "?x"), [("q", "?x")])]),
                     (set(), [(("a",), []), (("b",), [("a",)]), (("a",), [("b",)]), (("c",), [("b",), ("a",), ("b",)])]),
                     ({("e", "1", "2"), ("e", "2", "1"), ("s", "1")}, [(("s", "?y"), [("s", "?x"), ("e", "?x", "?y")]),
                                                                       (("t",), [("s", "2"), ("s", "1")])])]:
    proven(facts, rules, forward_chain(set(facts), rules), f"forward_chain({facts}, {rules})"[:300])
### END HIDDEN TESTS

# %% graded="forward_chain__unsafe" points=1
# Looks at rules whose head has a variable that the body lacks, and at the arguments after the call.
raises(ValueError, forward_chain, {("p", "a")}, [(("likes", "?x", "?y"), [("p", "?x")])], why="?y is in the head alone")
facts, rules = {("p", "a")}, [(("q", "?x"), [("p", "?x")])]
unchanged(forward_chain, facts, rules, want=({("p", "a"), ("q", "a")}, {("q", "a"): (0, [("p", "a")])}))
### BEGIN HIDDEN TESTS
for facts, bad in [(set(), (("q", "?x"), [])), ({("p", "a")}, (("q", "a", "?x"), [("never", "?y")])),
                   (set(), (("q", "?y"), [("p", "?x"), ("p", "y")])), ({("p", "a")}, (("q", "?"), [("p", "?x")])),
                   ({("p", "a")}, (("q", "?z", "?x"), [("p", "?x"), ("p", "?y")]))]:
    raises(ValueError, forward_chain, facts, [(("p", "b"), []), bad], why="a variable of the head must be in the body")
proven({("p", "x")}, [(("q", "?"), [("p", "?")])], forward_chain({("p", "x")}, [(("q", "?"), [("p", "?")])]),
       "a lone ? is a variable")
facts = {("same", "a", "b"), ("same", "b", "c")}
rules = [(("same", "?x", "?y"), [("same", "?x", "?y")]), (("end",), [("same", "a", "b"), ("same", "b", "c")])]
unchanged(forward_chain, facts, rules, want=(facts | {("end",)}, {("end",): (1, [("same", "a", "b"), ("same", "b", "c")])}))
fresh(forward_chain, {("p", "a")}, [], want=({("p", "a")}, {}))
### END HIDDEN TESTS

# %% graded="forward_chain__speed" points=2 tags=["timed"]
# Looks at the time that it takes on the closure of a chain of 30 links.
def draw(rng: np.random.Generator):
    "A chain with names in random order, as facts and rules."
    names = [f"n{i}" for i in rng.permutation(31)]
    return ({("edge", a, b) for a, b in zip(names, names[1:])},
            [(("path", "?x", "?y"), [("edge", "?x", "?y")]),
             (("path", "?x", "?z"), [("edge", "?x", "?y"), ("path", "?y", "?z")])])

advise(forward_chain, draw, yardstick=lambda facts, rules: [sorted(facts) for _ in range(600)], usual=6.0)
### BEGIN HIDDEN TESTS
duel(forward_chain, draw, reference='''
def forward_chain(facts, rules):
    def matches(atoms, sources, env, used):
        if not atoms:
            yield env, used
            return
        atom = atoms[0]
        for fact in sources[0].get((atom[0], len(atom)), ()):
            new = dict(env)
            if all(new.setdefault(t, c) == c if t.startswith("?") else t == c for t, c in zip(atom[1:], fact[1:])):
                yield from matches(atoms[1:], sources[1:], new, [*used, fact])

    def by_name(some):
        table = {}
        for fact in some:
            table.setdefault((fact[0], len(fact)), []).append(fact)
        return table

    known, old, proof, delta = set(facts), {}, {}, by_name(facts)
    while delta:
        found, every = {}, {k: old.get(k, []) + delta.get(k, []) for k in {*old, *delta}}
        for i, (head, body) in enumerate(rules):
            for j in range(len(body)):
                for env, used in matches(body, [old] * j + [delta] + [every] * (len(body) - j - 1), {}, []):
                    fact = (head[0], *(env.get(t, t) for t in head[1:]))
                    if fact not in known:
                        found.setdefault(fact, (i, used))
        proof |= found
        known |= set(found)
        old, delta = every, by_name(found)
    return known, proof
''', limit=4.5)
### END HIDDEN TESTS

# %% tags=["picture"]
neuro_symbolic.rounds_and_work(forward_chain)

# %% [markdown]
# Left: what each round tries, naively and semi-naively, counted. Right: a proof tree from your own `proof`. Real
# engines also index facts by their arguments; it is the same idea once more: look only where something can match.
#
# **What it cannot say.** "Birds fly, but penguins do not" needs a rule that looks for the *absence* of a fact (negation
# as failure). Then an added fact can take a conclusion back, and the order of evaluation matters: stratified Datalog
# evaluates the negated predicate to its end first. This exercise leaves negation out.

# %% [markdown]
# ## 3 · Knowledge graphs, and claims checked against them
#
# A **knowledge graph** is a set of triples (subject, relation, object): `("Bern", "capital_of", "Switzerland")`. Its
# nodes are entities; attributes are triples whose object is a value. What an ontology adds are rules and constraints,
# such as "a country has one capital". A query for a neighbourhood returns facts, never rules.
#
# The usual recipe with a language model: find the entities of the question, fetch their neighbourhood, write it into the
# prompt. Three of its promises need care.
#
# - **"Depth 2."** Where every entity has d links, about d² lie within depth 2; where some are hubs, far more: most
#   entities are linked to a hub, and its neighbours come along. That floods the prompt. Follow directions, rank what
#   comes back, and cut it at a budget.
# - **"The model cannot contradict the graph."** It can. A prompt makes a text likely, it forbids none. What does forbid:
#   constrained decoding (only tokens that keep the output inside a grammar or a set of names), or a check of the finished
#   answer, claim by claim. That check is this exercise.
# - **"The graph is right."** It is incomplete always and wrong sometimes.
#
# How to read what is absent is a choice. Under the **closed-world assumption** what the graph does not say is
# false: right for a list of one's own employees. Under the **open-world assumption** it is *unknown*: right for nearly
# everything else. Then an absent triple refutes nothing. What can refute is a **functional** relation, one with at most
# one object for each subject (`born_in`), or an **inverse functional** one, with at most one subject for each object
# (`capital_of`).
#
# **The catch: names.** "Big Apple" and "New York" as objects of a functional relation are no contradiction. Only if names
# that differ denote things that differ (the *unique-name assumption*) does a second name contradict. OWL, the web's
# ontology language, does not assume it, and concludes that the two are the same. Here aliases are resolved first; then
# names count as unique.

# %% tags=["picture"]
neuro_symbolic.neighbourhoods()

# %% [markdown]
# A random graph of 20,000 entities in which a few hubs have most of the links, as in real ones: how many entities lie
# within depth 1, 2 and 3, for a usual entity and for the largest hub. The usual one has 4 links, and not 4² = 16 but
# nearly 150 entities within depth 2, since hubs are among its neighbours. The hub's 359 neighbours are mostly no hubs:
# within depth 2 it has 4,506, far from 359².
#
# ### Exercise 29.3 · check_claims
#
# A verdict on each claim, a list of strings in the order of `claims`. Let a claim (s, r, o) *hold* if the graph has it.
# The graph speaks *against* it if
#
# - r is in `functional`, and the graph has (s, r, o′) with o′ ≠ o; or
# - r is in `inverse_functional`, and the graph has (s′, r, o) with s′ ≠ s; or
# - `open_world` is False, and it does not hold.
#
# | holds | against | verdict |
# |---|---|---|
# | yes | no | `"supported"` |
# | yes | yes | `"disputed"`: the graph contradicts itself |
# | no | yes | `"contradicted"` |
# | no | no | `"unknown"` |
#
# - `claims` is a list of triples, `kg` a set of triples; claims may repeat. Subjects and relations are strings, objects
#   are strings or ints. 1999 and `"1999"` are different, as are `"a"` and `"A"`; 0 and the empty string are ordinary
#   values.
# - `aliases` maps a name to another, step by step until a name that is no key, never in a circle. They hold for subjects
#   and objects of claims *and* of the graph, not for relations. None is no alias. Ints have none.
# - A relation may be in both lists (any containers of strings), or in none. No argument is changed.
#
# Source: the functional properties of OWL 2, https://www.w3.org/TR/owl2-syntax/, sections 9.2.7 and 9.2.8.

# %% stub="check_claims"
def check_claims(claims: list[tuple], kg: set[tuple], functional: Sequence[str] = (),
                 inverse_functional: Sequence[str] = (), aliases: dict[str, str] | None = None,
                 open_world: bool = True) -> list[str]:
    """supported, contradicted, disputed or unknown, for each claim.

    check_claims([("ann", "born_in", "Oslo")], {("ann", "born_in", "Bern")}, ["born_in"]) is ["contradicted"].
    """
    ### BEGIN SOLUTION
    def name(e):
        while isinstance(e, str) and e in (aliases or {}):
            e = aliases[e]
        return e

    objects, subjects = {}, {}
    for s, r, o in kg:
        s, o = name(s), name(o)
        objects.setdefault((s, r), set()).add(o)
        subjects.setdefault((o, r), set()).add(s)
    verdicts = []
    for s, r, o in claims:
        s, o = name(s), name(o)
        there, here = objects.get((s, r), set()), subjects.get((o, r), set())
        holds = o in there
        against = (r in functional and bool(there - {o}) or r in inverse_functional and bool(here - {s})
                   or not open_world and not holds)
        verdicts.append(("disputed" if against else "supported") if holds
                        else "contradicted" if against else "unknown")
    return verdicts
    ### END SOLUTION
    raise NotImplementedError("check_claims")

# %% [markdown] hints="check_claims"
# <details><summary>Hint 1: a question</summary>
#
# The graph has (ann, speaks, German), the claim says (ann, speaks, French). What must you know about `speaks` before
# you call the claim false?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# The graph: (NYC, in, USA), (ann, born_in, Big Apple). Aliases: Big Apple → NYC, NYC → New York. `born_in` is
# functional. (ann, born_in, New York) is supported, (ann, born_in, Bern) contradicted, (ann, in, USA) unknown; under a
# closed world contradicted.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# A claim that holds is not done: look whether the graph has a rival as well. And an alias may lead to an alias, on
# either side.
#
# </details>

# %% graded="check_claims__open" points=2
# Looks at functional and inverse functional relations under an open world.
KG = {("ann", "born_in", "Bern"), ("ann", "speaks", "German"), ("Bern", "capital_of", "Switzerland"), ("bob", "age", 0)}
check(check_claims, [("ann", "born_in", "Bern"), ("ann", "born_in", "Oslo"), ("ann", "speaks", "French"),
                     ("bob", "born_in", "Oslo"), ("Basel", "capital_of", "Switzerland"), ("bob", "age", 1)], KG,
      ["born_in", "age"], ["capital_of"],
      want=["supported", "contradicted", "unknown", "unknown", "contradicted", "contradicted"],
      why="an absent triple refutes nothing; a second value of a functional relation does",
      mistakes={"what the graph does not say counts as false":
                ["supported", "contradicted", "contradicted", "contradicted", "contradicted", "contradicted"],
                "inverse functional relations were not looked at":
                ["supported", "contradicted", "unknown", "unknown", "unknown", "contradicted"]})
### BEGIN HIDDEN TESTS
def judged(claims, kg, functional=(), inverse=(), aliases=None, open_world=True):
    return [verdict(c, kg, functional, inverse, aliases or {}, open_world) for c in claims]

check(check_claims, [], KG, want=[], why="no claims")
check(check_claims, [("ann", "born_in", "Bern")] * 3, set(), ["born_in"], want=["unknown"] * 3, why="an empty graph")
check(check_claims, [("ann", "born_in", "Oslo"), ("Basel", "capital_of", "Switzerland")], KG, want=["unknown"] * 2,
      why="nothing is functional unless named")
for s, o in [("ann", ""), ("", "ann"), ("", ""), ("ann", 0), ("ann", 1999)]:
    claims = [(s, "r", o), (s, "r", "x"), ("x", "r", o), (s, "q", o), (s, "r", 0), (s, "r", ""), (s, "r", "1999"),
              (s, "r", "0")]
    for f, i in [([], []), (["r"], []), ([], ["r"]), (["r"], ["r"]), (["q"], ["q", "r"]), (["R"], ["rr"]), (["rr"], ["R"])]:
        for open_world in (True, False):
            check(check_claims, claims, {(s, "r", o)}, f, i, None, open_world,
                  want=judged(claims, {(s, "r", o)}, f, i, None, open_world), why="by the table of the statement")
rng = np.random.default_rng(0)
for n in (12, 60, 300):
    triples = [(f"e{a}", f"r{b}", f"e{c}") for a, b, c in rng.integers(0, [9, 4, 9], (n + 40, 3))]
    for f, i in [(["r0"], ["r1"]), (("r0", "r1"), ()), ((), {"r3", "r0"})]:
        check(check_claims, triples, set(triples[:n // 2]), f, i, want=judged(triples, set(triples[:n // 2]), f, i),
              why="by the table of the statement")
### END HIDDEN TESTS

# %% graded="check_claims__disputed" points=1
# Looks at claims that hold while the graph speaks against them, and at the closed world.
TWO = {("ann", "born_in", "Bern"), ("ann", "born_in", "Oslo"), ("ann", "speaks", "German"), ("ann", "speaks", "French")}
check(check_claims, [("ann", "born_in", "Bern"), ("ann", "born_in", "Rome"), ("ann", "speaks", "German")], TWO, ["born_in"],
      want=["disputed", "contradicted", "supported"], why="the graph has two birthplaces of ann")
check(check_claims, [("ann", "speaks", "French"), ("ann", "speaks", "Dutch")], TWO, open_world=False,
      want=["supported", "contradicted"], why="closed world: what is not said is false")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(1)
for n in (5, 40, 200):
    triples = [(f"e{a}", f"r{b}", int(c)) for a, b, c in rng.integers(0, [4, 3, 4], (n + 20, 3))]
    kg = set(triples[:n])
    for open_world in (True, False):
        for f, i in [(["r0"], ["r1"]), (["r0"], ["r0"]), ([], ["r2"]), ([], [])]:
            check(check_claims, triples, kg, f, i, None, open_world,
                  want=[verdict(c, kg, f, i, {}, open_world) for c in triples], why="by the table of the statement")
### END HIDDEN TESTS

# %% graded="check_claims__aliases" points=2
# Looks at names that stand for others, on both sides and through several steps; the arguments after the call.
unchanged(check_claims, [("ann", "born_in", "New York"), ("Annie", "born_in", "Bern")], {("Annie", "born_in", "Big Apple")},
          ["born_in"], (), {"Big Apple": "NYC", "NYC": "New York", "Annie": "ann"},
          want=["supported", "contradicted"], why="aliases are followed to their end, in claims and in the graph")
### BEGIN HIDDEN TESTS
def judged(claims, kg, functional=(), inverse=(), aliases=None, open_world=True):
    return [verdict(c, kg, functional, inverse, aliases or {}, open_world) for c in claims]

ALIASES = {f"e{i}": f"e{i + 1}" for i in range(0, 4)} | {"e7": "e8", "": "e8", "r0": "r1", "x": ""}
rng = np.random.default_rng(2)
for n in (6, 30, 80):
    triples = [(f"e{a}", f"r{b}", f"e{c}") for a, b, c in rng.integers(0, [11, 3, 11], (n + 20, 3))]
    triples += [("", "r0", "e8"), ("x", "r0", "e0"), ("e4", "r1", "x"), ("e5", "r0", "")]
    kg = set(triples[::2])
    for f, i in [(["r0"], ["r1"]), (["r1", "r0"], ["r0"]), ([], [])]:
        for open_world in (True, False):
            unchanged(check_claims, triples, kg, f, i, dict(ALIASES), open_world,
                      want=judged(triples, kg, f, i, ALIASES, open_world))
LONG = {f"n{i}": f"n{i + 1}" for i in range(300)}
check(check_claims, [("n0", "is", "n7"), ("n300", "is", 5)], {("n299", "is", "n150")}, ["is"], [], LONG,
      want=["supported", "contradicted"], why="300 steps are as good as one")
check(check_claims, [("a", "r", "b")], {("a", "r", "b")}, ["r"], ["r"], {}, want=["supported"], why="no aliases")
check(check_claims, [("a", "r", 1999), ("a", "r", "1999"), ("b", "r", "two"), ("b", "r", 2)],
      {("a", "r", 1999), ("b", "r", 2)}, ["r"], [], {"1999": "2000", "2": "two"},
      want=["supported", "contradicted", "contradicted", "supported"], why="a text may have an alias, an int has none")
check(check_claims, [("a", "r", "B"), ("A", "r", "b"), ("a", "R", "c"), ("a", "R", "b"), ("a", "r", "b "), ("a", "r ", "b")],
      {("a", "r", "b")}, ["r"], [], {"a ": "A"},
      want=["contradicted", "unknown", "unknown", "unknown", "contradicted", "unknown"],
      why="names and relations are compared letter by letter")
### END HIDDEN TESTS

# %% [markdown]
# `"unknown"` is the verdict that carries the weight in practice: many sentences of an answer fall there, and what a
# product does then (ask, search, say so, leave out) is a decision, no theorem. Taking triples *out of* a text is the
# network's part, and every mistake of it passes through the check.
#
# ## 4 · Rules over a network's decision
#
# In production the commonest hybrid is also the simplest: a network decides, rules check the decision and may overrule
# it, and a log tells later what happened. The guide gives such a class. Here is its core:
#
# ```python
# rule_results = self.rules.evaluate(raw_decision)
# violations = [r for r in rule_results if not r.passed]
# final_decision = self.rules.apply_overrides(raw_decision, violations) if violations else raw_decision
# self.audit_log.record({"input": input_data, "neural_output": raw_decision, ...})
# ```
#
# **Find the fault.** There are four: what do the rules see, in which order do overrides apply, can two of them undo each
# other, and what lies in the log?
#
# <details><summary>The faults</summary>
#
# The rules see the label alone. "No loan under 18" needs the applicant's age: rules need the input's *facts*. Two
# overrides may conflict, and nothing says which wins: they need priorities, and a way to stop. Applied until nothing
# changes, two that undo each other loop forever: one pass is enough, and ends. And the raw input in a log is personal
# data, kept for years: record a keyed hash.
#
# </details>
#
# Why keyed? A plain SHA-256 of "age=17" can be found by trying all ages. With a secret key (HMAC, hash-based message
# authentication code) only who has the key can test a guess, and equal inputs can still be told to be equal.
#
# ### Exercise 29.4 · validate
#
# One pass of rules over a decision: a tuple `(final, violations, audit)`.
#
# - `decision` is a string, `facts` a set of strings, `key` bytes. A rule is a dict: `id` (a string, no two alike),
#   `priority` (any number), `needs` and `unless` (lists of facts), `decisions` (a list, or None), `override` (a string,
#   or None), `stop` (a bool).
# - Rules are checked once each, **the highest priority first, equal ones by id in ascending order** (as `<` orders
#   strings).
# - A rule fires if all of its `needs` are facts, none of its `unless` is, and the decision *as it stands then* is in
#   its `decisions`; None there means any decision, an empty list none.
# - A rule that fires is a violation. `override` then becomes the decision (the empty string too); None leaves it. After a
#   rule that fires with `stop`, no further rule is checked.
# - `violations` are the ids that fired, in order. `audit` is a dict: `raw` and `final` decision, `checked` (ids in
#   order, the last one included), `fired` (as `violations`), and `input`: the hexadecimal HMAC with SHA-256 under `key`
#   of `json.dumps(sorted(facts))` (its defaults) in UTF-8. No fact stands in the audit otherwise.
# - Nothing is changed in place: neither facts nor rules, nor their order.
#
# Source: the guide's `ExplainableAISystem`, mended; RFC 2104 for HMAC, https://www.rfc-editor.org/rfc/rfc2104.

# %% stub="validate"
def validate(decision: str, facts: set[str], rules: list[dict], key: bytes) -> tuple[str, list[str], dict]:
    """The final decision, the ids of the rules that fired, and a record without the input.

    "approve" with {"age<18"} and one rule that needs "age<18" and overrides by "reject": ("reject", [its id], {...}).
    """
    ### BEGIN SOLUTION
    now, checked, fired = decision, [], []
    for rule in sorted(rules, key=lambda r: (-r["priority"], r["id"])):
        checked.append(rule["id"])
        applies = rule["decisions"] is None or now in rule["decisions"]
        if not applies or not set(rule["needs"]) <= set(facts) or set(rule["unless"]) & set(facts):
            continue
        fired.append(rule["id"])
        if rule["override"] is not None:
            now = rule["override"]
        if rule["stop"]:
            break
    seal = hmac.new(key, json.dumps(sorted(facts)).encode("utf-8"), hashlib.sha256).hexdigest()
    return now, fired, {"raw": decision, "final": now, "checked": checked, "fired": list(fired), "input": seal}
    ### END SOLUTION
    raise NotImplementedError("validate")

# %% [markdown] hints="validate"
# <details><summary>Hint 1: a question</summary>
#
# Rule 1 turns "approve" into "review". Rule 2 speaks about "approve" only. Does it fire?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Decision "approve", fact "age<18". Rules: `limit` (priority 1, any decision, override "review"), `minor` (priority 9,
# needs "age<18", override "reject", stop). Checked: minor. Fired: minor. Final: "reject"; `limit` is never looked at.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Descending by one key and ascending by the other: reversing the whole sort turns both. And None, an empty list and an
# empty string are three different answers.
#
# </details>

# %% graded="validate__decides" points=2
# Looks at needs, unless, decisions and overrides, one rule after another.
def short(decision, facts, rules):
    "Final decision and violations alone."
    return tuple(validate(decision, facts, rules, b"k")[:2])

MINOR = dict(id="minor", priority=9, needs=["age<18"], unless=[], decisions=["approve"], override="reject", stop=False)
AGAIN = dict(id="again", priority=1, needs=[], unless=["checked"], decisions=["reject"], override="review", stop=False)
for facts, want in [({"age<18"}, ("review", ["minor", "again"])), ({"age<18", "checked"}, ("reject", ["minor"])),
                    (set(), ("approve", []))]:
    expect(short("approve", facts, [AGAIN, MINOR]), want, on=f"decision approve, facts {sorted(facts)}, rules minor and again",
           why="the second rule sees the decision that the first one left")
### BEGIN HIDDEN TESTS
def decided(decision, facts, rules):
    got = validate(decision, set(facts), [dict(r) for r in rules], b"secret")
    want = validated(decision, facts, rules, b"secret")
    expect(tuple(got[:2]), want[:2], on=f"final and violations of validate({decision!r}, {sorted(facts)[:5]}, {rules})"[:500])

for decision, fact in [("a", "f"), ("A", "f"), ("a ", "f"), ("a", "F"), ("a", " f")]:
    decided(decision, {fact}, [rule("one", 2, ["f"], (), ["a"], " Z "), rule("two", 1, (), ["f"], ["a", "Z"], "y")])
for decision in ("a", "b", ""):
    for facts in (set(), {"f"}, {"f", "g"}, {"g", ""}, {"f", "g", "h"}):
        decided(decision, facts, [])
        for needs, unless in [((), ()), (("f",), ()), (("f", "g"), ()), ((), ("g",)), ((), ("f", "h")), (("f",), ("f",)),
                              (("f",), ("g",)), (("",), ()), ((), ("",))]:
            decided(decision, facts, [rule("one", 0, needs, unless, None, "z"), rule("two", -1, (), (), ["z"], "y")])
        for decisions, override in [(None, None), ([], "z"), (["a"], ""), (["", "b"], "a"), (["a", "b"], None), ([""], None)]:
            decided(decision, facts, [rule("one", 2.5, (), (), decisions, override), rule("two", 2, (), (), [""], "y")])
### END HIDDEN TESTS

# %% graded="validate__order" points=2
# Looks at priorities, ties by id, stop.
first = dict(id="b", priority=1, needs=[], unless=[], decisions=None, override="from b", stop=False)
second = dict(first, id="a", override="from a")
third = dict(first, id="c", priority=2, override="from c")
expect(validate("x", set(), [first, second, third], b"k")[:2], ("from b", ["c", "a", "b"]), on="rules b, a (1) and c (2)",
       why="priority 2 before 1, a before b; the last that fires has the last word",
       mistakes={"in the order of the list": ("from c", ["b", "a", "c"]),
                 "the lowest priority first": ("from c", ["a", "b", "c"]),
                 "ids in descending order": ("from a", ["c", "b", "a"])})
expect(validate("x", set(), [first, second, dict(third, stop=True)], b"k")[:2], ("from c", ["c"]),
       on="the same, c with stop", why="nothing is checked after c")
### BEGIN HIDDEN TESTS
rng = np.random.default_rng(0)
for n in (2, 5, 11, 40, 300):
    for _ in range(6):
        rules = [rule(f"r{i}", [-1, 0, 0.5, 2, 10][rng.integers(5)], [f"f{j}" for j in rng.integers(0, 4, rng.integers(3))],
                      [f"f{j}" for j in rng.integers(0, 6, rng.integers(2))],
                      [None, ["d0", "d1"], ["d2"], ["d1", "d2", "d3"]][rng.integers(4)],
                      [None, "d0", "d1", "d2", "d3"][rng.integers(5)], bool(rng.random() < 2 / n)) for i in rng.permutation(n)]
        facts = {f"f{j}" for j in rng.integers(0, 6, 4)}
        got, want = validate("d1", set(facts), [dict(r) for r in rules], b"k"), validated("d1", facts, rules, b"k")
        expect(tuple(got[:2]), want[:2], on=f"final and violations of {n} random rules")
        expect([got[2][k] for k in ("checked", "fired", "final")], [want[2][k] for k in ("checked", "fired", "final")],
               on=f"checked, fired and final of {n} random rules")
names = ["b", "B", "a", "", "Z", "ä", "a2", "a10", "_"]
expect(list(validate("x", set(), [rule(n, 1) for n in names], b"k")[1]), sorted(names),
       on=f"the order of rules {names}, all of one priority", why="strings in ascending order, as Python's < has them")
### END HIDDEN TESTS

# %% graded="validate__audit" points=2
# Looks at the record, the sealed input, and the arguments after the call.
MINOR = dict(id="minor", priority=9, needs=["age<18"], unless=[], decisions=["approve"], override="reject", stop=False)
AGAIN = dict(id="again", priority=1, needs=[], unless=["checked"], decisions=["reject"], override="review", stop=True)
unchanged(validate, "approve", {"age<18"}, [AGAIN, MINOR], b"key",
          want=("review", ["minor", "again"],
                {"raw": "approve", "final": "review", "checked": ["minor", "again"], "fired": ["minor", "again"],
                 "input": "9b694ea950ed05c0a55978758ad803b0b891ba464ae6be50a3ff71da62bc017e"}))
### BEGIN HIDDEN TESTS
RULES = [rule("a", 1, ["f"], [], None, "z"), rule("b", 3, [], ["q"], ["x"], None),
         rule("c", 3, ["q"], [], None, "y", True),
         rule("d", -2, [], [], ["z", "x"], "end", True), rule("e", -3)]
for decision in ("x", "", "größer"):
    for facts in (set(), {"f"}, {"q", "f"}, {"é", "日本", 'a"b', "a\nb", "f", "F", "Z", "_"}, {f"fact {i}" for i in range(300)}):
        for key in (b"k", b"\x00\xff" * 40, b"another"):
            unchanged(validate, decision, set(facts), [dict(r) for r in RULES], key,
                      want=validated(decision, facts, RULES, key))
### END HIDDEN TESTS

# %% [markdown]
# ## 5 · Degrees of truth, with gradients
#
# To put a rule into a loss one needs *and*, *or* and *implies* for numbers between 0 and 1. A **t-norm** generalises
# *and*: it is commutative, associative, monotone, and $T(a, 1) = a$. Its **t-conorm** generalises *or*, by De Morgan:
# $S(a, b) = 1 - T(1 - a, 1 - b)$. Its **residuum** generalises *implies*: the largest $c$ with $T(a, c) \le b$. Three
# families are in use:
#
# | | and $T$ | or $S$ | implies |
# |---|---|---|---|
# | `"godel"` | $\min(a, b)$ | $\max(a, b)$ | 1 if $a \le b$, else $b$ |
# | `"product"` | $a b$ | $a + b - a b$ | 1 if $a \le b$, else $b / a$ |
# | `"lukasiewicz"` | $\max(0, a + b - 1)$ | $\min(1, a + b)$ | $\min(1, 1 - a + b)$ |
#
# All agree with Boolean logic at 0 and 1. In between they differ, and **what they differ in for training is the
# gradient**. Gödel's *and* gives it to the smaller input alone. Łukasiewicz's gives none at all where $a + b < 1$: the
# rule is violated, and nothing moves. The product's gives each input the other's value. And all three residua give none
# where $a \le b$: there the rule is kept. A violated "ravens are black" can be repaired from two sides, by blacker birds
# or by fewer ravens, and most birds are no ravens: lowering the premise is often the easier way.
#
# **The catch: a degree of truth is no probability.** Any t-norm looks at two numbers and nothing else. So it takes *A
# and A* for *A and B*: the product gives 0.25 at 0.5, while the probability of "A and A" is 0.5. Gödel's
# minimum gives 0.5 for both, and an independent A and B have 0.25. Part 6 does it right.
#
# **The second catch is technical: `torch.where` differentiates both branches.** Where $a = 0$, $b / a$ is infinite or
# NaN. `where` does not pick it, but in the backward pass it is multiplied by 0, and 0 · ∞ is NaN.
#
# ### Exercise 29.5 · tnorm
#
# Three functions, `tnorm`, `tconorm` and `residuum`, of `(kind, a, b)`, by the table.
#
# - `a` and `b` are tensors of one dtype with values in [0, 1], 0 and 1 included; their shapes broadcast. Where gradients
#   are asked for, a is 0 or at least 1e-3. Another `kind` than the three raises ValueError in each function.
# - Gradients flow to a and b and **are never NaN or infinite**, at 0 and 1 too. Where the residuum is 1 because $a < b$,
#   they are 0. At kinks ($a = b$; $a + b = 1$) any finite gradient is right.
# - float64 stays float64; half precision is computed in float32 and rounded once. The answer is a new tensor.
#
# Source: van Krieken, Acar and van Harmelen, *Analyzing Differentiable Fuzzy Logic Operators*, arXiv 2002.06100.

# %% stub="tnorm"
def tnorm(kind: str, a: Float[Tensor, "*a"], b: Float[Tensor, "*b"]) -> Float[Tensor, "*c"]:
    "Fuzzy and. lukasiewicz: 0.75 and 0.5 is 0.25."
    ### BEGIN SOLUTION
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = a.to(wide), b.to(wide)
    if kind == "godel":
        z = torch.minimum(x, y)
    elif kind == "product":
        z = x * y
    elif kind == "lukasiewicz":
        z = (x + y - 1).clamp(min=0)
    else:
        raise ValueError(f"unknown t-norm {kind!r}")
    return z.to(a.dtype)
    ### END SOLUTION
    raise NotImplementedError("tnorm")


def tconorm(kind: str, a: Float[Tensor, "*a"], b: Float[Tensor, "*b"]) -> Float[Tensor, "*c"]:
    "Fuzzy or. product: 0.5 or 0.5 is 0.75."
    ### BEGIN SOLUTION
    wide = torch.promote_types(a.dtype, torch.float32)
    return (1 - tnorm(kind, 1 - a.to(wide), 1 - b.to(wide))).to(a.dtype)
    ### END SOLUTION
    raise NotImplementedError("tconorm")


def residuum(kind: str, a: Float[Tensor, "*a"], b: Float[Tensor, "*b"]) -> Float[Tensor, "*c"]:
    "Fuzzy implies: how far b holds if a does. product: 0.5 implies 0.25 is 0.5."
    ### BEGIN SOLUTION
    wide = torch.promote_types(a.dtype, torch.float32)
    x, y = torch.broadcast_tensors(a.to(wide), b.to(wide))
    kept = x <= y
    if kind == "godel":
        z = torch.where(kept, 1.0, y)
    elif kind == "product":
        z = torch.where(kept, 1.0, y / torch.where(kept, 1.0, x))
    elif kind == "lukasiewicz":
        z = (1 - x + y).clamp(max=1)
    else:
        raise ValueError(f"unknown t-norm {kind!r}")
    return z.to(a.dtype)
    ### END SOLUTION
    raise NotImplementedError("residuum")

# %% [markdown] hints="tnorm"
# <details><summary>Hint 1: a question</summary>
#
# What is the gradient of `torch.where(a <= b, 1.0, b / a)` at a = b = 0? Try it.
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# a = 0.8, b = 0.4. Gödel: and 0.4, or 0.8, implies 0.4. Product: 0.32, 0.88, 0.5. Łukasiewicz: 0.2, 1 (the sum 1.2 is
# cut), 0.6. The other way, 0.4 implies 0.8: always 1.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Make the division harmless *before* it happens: where its result is not wanted, divide by something that is not 0.
#
# </details>

# %% graded="tnorm__values" points=2
# Looks at all three families, and, or, implies, at 0, 1 and between; shapes that broadcast; unknown kinds.
a, b = torch.tensor([0.75, 0.25, 0.5]), torch.tensor([0.5, 0.5, 1.0])
check(tnorm, "lukasiewicz", a, b, want=torch.tensor([0.25, 0.0, 0.5]), why="max(0, a + b - 1)",
      mistakes={"not cut at 0": torch.tensor([0.25, -0.25, 0.5])})
check(tconorm, "product", a, b, want=torch.tensor([0.875, 0.625, 1.0]), why="a + b - a b",
      mistakes={"1 - T(a, b)": torch.tensor([0.625, 0.875, 0.5])})
check(residuum, "product", a, b, want=torch.tensor([2 / 3, 1.0, 1.0]), why="1 where a <= b, else b / a",
      mistakes={"max(1 - a, b) is another implication": torch.tensor([0.5, 0.75, 1.0]),
                "not cut at 1": torch.tensor([2 / 3, 2.0, 2.0])})
raises(ValueError, tnorm, "goedel", a, b, why="only three families are known")
### BEGIN HIDDEN TESTS
def boolean(kind, op, a, b):
    "One pair of numbers, in Python's floats."
    if op == "and":
        return {"godel": min(a, b), "product": a * b, "lukasiewicz": max(0.0, a + b - 1)}[kind]
    if op == "or":
        return 1 - boolean(kind, "and", 1 - a, 1 - b)
    return 1.0 if a <= b else {"godel": b, "product": b / a if a else 1.0, "lukasiewicz": 1 - a + b}[kind]

FUNCTIONS = {"and": tnorm, "or": tconorm, "implies": residuum}
for seed, (sa, sb) in enumerate([((), ()), ((7,), (7,)), ((5, 1), (3,)), ((1,), (300,)), ((2, 3, 4), (4,)),
                                 ((4, 1, 2), (3, 1))]):
    for dtype in (torch.float32, torch.float64):
        x, y = uniform(*sa, seed=seed, dtype=dtype), uniform(*sb, seed=seed + 9, dtype=dtype)
        X, Y = torch.broadcast_tensors(x, y)
        for kind in ("godel", "product", "lukasiewicz"):
            for op, fn in FUNCTIONS.items():
                want = torch.tensor([boolean(kind, op, p, q) for p, q in zip(X.flatten().tolist(), Y.flatten().tolist())],
                                    dtype=torch.float64).reshape(X.shape).to(dtype)
                small = dict(rtol=1e-5, atol=1e-6) if dtype == torch.float32 else dict(rtol=1e-12, atol=1e-12)
                check(fn, kind, x, y, want=want, **small, why=f"{op} of {kind}, by the table")
grid = torch.tensor([0.0, 0.25, 0.5, 1.0], dtype=torch.float64)
for kind in ("godel", "product", "lukasiewicz"):
    for op, fn in FUNCTIONS.items():
        want = torch.tensor([[boolean(kind, op, p, q) for q in grid.tolist()] for p in grid.tolist()], dtype=torch.float64)
        check(fn, kind, grid[:, None], grid, want=want, rtol=0, atol=1e-15, why=f"{op} of {kind} at 0, 1 and between")
        strided = uniform(6, 5, seed=3, dtype=torch.float64).T[:, ::2]
        check(fn, kind, strided, strided.flip(0), want=torch.tensor(
            [[boolean(kind, op, p, q) for p, q in zip(r, s)] for r, s in zip(strided.tolist(), strided.flip(0).tolist())],
            dtype=torch.float64), rtol=1e-12, atol=1e-12, why="strided arguments are valid")
for dtype in (torch.float32, torch.float64, torch.bfloat16):
    x = torch.tensor([0.5, 0.25, 0.75, 0.125], dtype=dtype)
    below = x - torch.tensor([torch.finfo(dtype).eps / 2, 1e-2, torch.finfo(dtype).eps, 1e-3], dtype=dtype)
    check(residuum, "godel", x, below, want=below, rtol=0, atol=0, why="a is greater than b, if only by the last bit")
    check(residuum, "godel", below, x, want=torch.ones_like(x), rtol=0, atol=0, why="a <= b")
tiny, less = torch.tensor([[1e-3, 2e-3, 5e-3, 9e-3], [1e-6, 1e-3, 0.0, 8e-3]], dtype=torch.float64)
check(residuum, "product", tiny, less, want=torch.tensor([boolean("product", "implies", p, q) for p, q in zip(
    tiny.tolist(), less.tolist())], dtype=torch.float64), rtol=1e-12, atol=0, why="b / a also where a is small")
for fn in (tnorm, tconorm, residuum):
    for wrong in ("", "Product", "min", "lukasiewicz "):
        raises(ValueError, fn, wrong, grid, grid, why="only three families are known")
### END HIDDEN TESTS

# %% graded="tnorm__gradient" points=3
# Looks at the gradients: to whom they go, and that none is NaN or infinite at 0.
_, grads = value_and_grad(residuum, "product", torch.tensor([0.8, 0.0, 0.0]), torch.tensor([0.4, 0.5, 0.0]), wrt=(1, 2))
assert all(g is not None for g in grads), "no gradient reaches a and b: the graph is cut"
expect(grads[0][:2], torch.tensor([-0.625, 0.0]),
       on="the gradient of a of the product's residuum, a = [0.8, 0], b = [0.4, 0.5]",
       why="-b / a² where a > b, else 0")
assert all(g.isfinite().all() for g in grads), \
    f"residuum('product', a, b) at a = b = 0: a gradient is NaN or infinite: {[g.tolist() for g in grads]}"
### BEGIN HIDDEN TESTS
one = torch.float64
a, b = torch.tensor([0.8, 0.4, 0.9, 0.3], dtype=one), torch.tensor([0.4, 0.8, 0.6, 0.1], dtype=one)
up, low = torch.tensor([1.0, 0, 1, 1], dtype=one), torch.tensor([0.0, 1, 0, 0], dtype=one)  # a > b; the rest
fit = torch.tensor([1.0, 1, 1, 0], dtype=one)  # a + b > 1
for fn, kind, ga, gb in [(tnorm, "godel", low, up), (tnorm, "product", b, a), (tnorm, "lukasiewicz", fit, fit),
                         (tconorm, "godel", up, low), (tconorm, "product", 1 - b, 1 - a),
                         (tconorm, "lukasiewicz", 1 - fit, 1 - fit), (residuum, "godel", 0 * a, up),
                         (residuum, "product", -up * b / a ** 2, up / a), (residuum, "lukasiewicz", -up, up)]:
    _, grads = value_and_grad(fn, kind, a, b, wrt=(1, 2))
    for name, got, want in zip("ab", grads, (ga, gb)):
        got = torch.zeros_like(a) if got is None and not want.any() else got
        expect(got, want, on=f"the gradient of {name} in {fn.__name__} of {kind!r}, a = {a.tolist()}, b = {b.tolist()}",
               rtol=1e-9, atol=1e-12)
tiny, less = torch.tensor([1e-3, 2e-3, 5e-3], dtype=one), torch.tensor([1e-6, 1e-3, 0.0], dtype=one)
_, grads = value_and_grad(residuum, "product", tiny, less, wrt=(1, 2))
for name, got, want in zip("ab", grads, (-less / tiny ** 2, 1 / tiny)):
    expect(got, want, on=f"the gradient of {name} in residuum of 'product', a = {tiny.tolist()}, b = {less.tolist()}",
           rtol=1e-9, atol=1e-12)
_, grads = value_and_grad(tnorm, "product", a[:, None], b, wrt=(1, 2))
expect(grads[0], b.sum().expand(4, 1), on="the gradient of a (4, 1) against b (4,)", rtol=1e-9, atol=1e-12)
ends = torch.tensor([0.0, 0.0, 0.0, 1.0, 1.0, 0.5, 1.0])
other = torch.tensor([0.0, 1.0, 0.5, 0.0, 1.0, 0.0, 0.5])
for fn in (tnorm, tconorm, residuum):
    for kind in ("godel", "product", "lukasiewicz"):
        for dtype in (torch.float32, torch.float64):
            _, grads = value_and_grad(fn, kind, ends.to(dtype), other.to(dtype), wrt=(1, 2))
            for g in grads:
                assert g is None or g.isfinite().all(), \
                    f"{fn.__name__} of {kind!r} at 0 and 1: a gradient is NaN or infinite: {g.tolist()}"
ends, other = ends.to(one), other.to(one)
more, less, in_all = (ends > other).to(one), (ends < other).to(one), (ends + other > 1).to(one)
safe = torch.where(ends > other, ends, 1.0)
for fn, kind, ga, gb in [(tnorm, "product", other, ends), (tconorm, "product", 1 - other, 1 - ends),
                         (tnorm, "godel", less, more), (tconorm, "godel", more, less), (tnorm, "lukasiewicz", in_all, in_all),
                         (tconorm, "lukasiewicz", 1 - in_all, 1 - in_all), (residuum, "godel", 0 * more, more),
                         (residuum, "product", -more * other / safe ** 2, more / safe), (residuum, "lukasiewicz", -more, more)]:
    kink = {"godel": ends == other, "product": ends < 0, "lukasiewicz": ends + other == 1}[kind]
    kink = ends == other if fn is residuum else kink
    _, grads = value_and_grad(fn, kind, ends, other, wrt=(1, 2))
    for name, got, want in zip("ab", grads, (ga, gb)):
        got = torch.zeros_like(ends) if got is None and not want.any() else got
        expect(got[~kink], want[~kink], rtol=1e-9, atol=1e-12, on=f"the gradient of {name} in {fn.__name__} of {kind!r}, "
                                                                  f"a = {ends[~kink].tolist()}, b = {other[~kink].tolist()}")
_, grads = value_and_grad(residuum, "product", torch.zeros(3), torch.tensor([0.0, 0.5, 1.0]), wrt=(1, 2))
for g in grads:
    if g is not None:
        expect(g[1:], torch.zeros(2), on="the gradients of residuum('product', 0, b) for b = 0.5 and 1",
               why="it is 1 there, and flat")
### END HIDDEN TESTS

# %% graded="tnorm__half" points=1
# Looks at half precision, and at the arguments after the call.
unchanged(tconorm, "product", torch.tensor([0.5, 0.25]), torch.tensor([0.5, 1.0]), want=torch.tensor([0.75, 1.0]))
check(tnorm, "lukasiewicz", torch.tensor([0.7505]).half(), torch.tensor([0.25]).half(),
      want=torch.tensor([2 ** -11]).half(), why="the sum 1.0005 is not rounded before 1 is taken off")
### BEGIN HIDDEN TESTS
def oracle(fn, kind, a, b):
    if fn is tnorm:
        return {"godel": torch.minimum(a, b), "product": a * b, "lukasiewicz": (a + b - 1).clamp(min=0)}[kind]
    if fn is tconorm:
        return {"godel": torch.maximum(a, b), "product": a + b - a * b, "lukasiewicz": (a + b).clamp(max=1)}[kind]
    return torch.where(a <= b, 1.0, {"godel": b, "product": b / a.clamp(min=1e-9), "lukasiewicz": 1 - a + b}[kind])

x, y = uniform(41, seed=1) * 0.98 + 0.01, uniform(41, seed=2) * 0.98 + 0.01
for fn in (tnorm, tconorm, residuum):
    for kind in ("godel", "product", "lukasiewicz"):
        for dtype in (torch.float16, torch.bfloat16):
            p, q = x.to(dtype), y.to(dtype)
            want = oracle(fn, kind, p.double(), q.double())
            check(fn, kind, p, q, want=want.to(dtype), rtol=torch.finfo(dtype).eps, atol=2e-7,
                  why="float32 inside, rounded once")
        unchanged(fn, kind, x, y, want=oracle(fn, kind, x.double(), y.double()).float(), rtol=1e-5, atol=1e-6)
        fresh(fn, kind, torch.tensor([0.3, 1.0, 0.2]), torch.tensor([0.2, 0.7, 0.0]),
              want=oracle(fn, kind, torch.tensor([0.3, 1.0, 0.2]), torch.tensor([0.2, 0.7, 0.0])))
        fresh(fn, kind, torch.tensor([0.3, 0.1]), torch.tensor([1.0, 1.0]),
              want=oracle(fn, kind, torch.tensor([0.3, 0.1]), torch.tensor([1.0, 1.0])))
### END HIDDEN TESTS

# %% tags=["picture"]
neuro_symbolic.slopes(tnorm)

# %% [markdown]
# Left: *and* of ten atoms that are all true to the degree a. Right: the gradient that all of them get together. Where a line
# lies at 0 the rule teaches nothing, and that is where the network is wrong.
#
# ## 6 · Probabilities, exactly
#
# Let atoms be independent events, true with probabilities $p_i$. The probability of a formula is a sum over **worlds**,
# the assignments of true and false in which it holds:
#
# $$P(f) = \sum_{w \models f}\; \prod_{i \in w} p_i \prod_{i \notin w} (1 - p_i).$$
#
# This is **weighted model counting** (WMC). It is exact, and differentiable in every $p_i$: $\partial P / \partial p_i =
# P(f \mid i) - P(f \mid \text{not } i)$. DeepProbLog trains networks through it.
#
# **The catch: parts of a formula share atoms.** $P(A \lor (A \land B))$ is $P(A)$: the second part adds nothing.
# Multiplying along the formula, as a t-norm does, takes $A$ and $A \land B$ for independent. At 0.5 each it gives 0.5 +
# 0.25 − 0.125 = 0.625 instead of 0.5.
#
# **And the price:** n atoms have $2^n$ worlds, and counting is #P-complete (at least as hard as NP). Real systems
# compile the formula into a circuit where it can be shared and is small; where not, they sample, or keep the k likeliest
# proofs. One known form without shared atoms is the **noisy-or**: an effect that has independent possible causes, each
# of which works with probability $w_i$, has probability $1 - \prod_i (1 - p_i w_i)$. As a term of a loss, −log P(rule)
# is the *semantic loss* (Xu et al. 2018, arXiv 1711.11157): the exact counterpart of part 5.
#
# ### Exercise 29.6 · wmc
#
# The probability of a formula, for each row of `probs` (…, n).
#
# - An atom is an int i from 0, with the probability `probs[..., i]`. Compounds are `("not", f)`, `("and", f, g, …)` and
#   `("or", f, g, …)` with any number of parts: an empty *and* is true, an empty *or* false. Nesting up to 30.
# - Atoms are independent; one that occurs twice is the *same* event. Formulas have at most 12 distinct atoms, but **n may
#   be 1,000**: what the formula does not mention must cost nothing.
# - The answer is a new tensor with the leading shape of `probs`, () for one row, and its dtype; half precision is computed
#   in float32. Probabilities may be exactly 0 and 1.
# - Gradients flow to `probs` and are right at 0 and 1, too. (A formula without atoms needs none.)
# - Probabilities as small as 1e-12 keep their relative accuracy, to 1e-4 in float32: `("and", 0, 1)` at 1e-6 each.
#
# Source: Manhaeve et al. 2018, *DeepProbLog: Neural Probabilistic Logic Programming*, arXiv 1805.10872.

# %% stub="wmc"
def wmc(formula: int | tuple, probs: Float[Tensor, "*lead n"]) -> Float[Tensor, "*lead"]:
    """The probability that a formula over independent atoms holds.

    wmc(("or", 0, 1), [0.5, 0.5]) is 0.75; wmc(("or", 0, 0), [0.5, 0.5]) is 0.5.
    """
    ### BEGIN SOLUTION
    def atoms(f):
        return {f} if not isinstance(f, tuple) else set().union(*map(atoms, f[1:]))

    def holds(f):  # one truth value a world
        if not isinstance(f, tuple):
            return worlds[:, used.index(f)]
        parts = [holds(g) for g in f[1:]]
        if f[0] == "not":
            return ~parts[0]
        truth = torch.full((len(worlds),), f[0] == "and")
        for part in parts:
            truth = truth & part if f[0] == "and" else truth | part
        return truth

    used = sorted(atoms(formula))
    worlds = torch.tensor(list(itertools.product([False, True], repeat=len(used))))  # (2^k, k)
    worlds = worlds.reshape(2 ** len(used), len(used)).bool()
    p = probs[..., used].to(torch.promote_types(probs.dtype, torch.float32))[..., None, :]
    weights = torch.where(worlds, p, 1 - p).prod(-1)  # (…, 2^k)
    return weights[..., holds(formula)].sum(-1).to(probs.dtype)
    ### END SOLUTION
    raise NotImplementedError("wmc")

# %% [markdown] hints="wmc"
# <details><summary>Hint 1: a question</summary>
#
# How many worlds do two atoms have, and in which of them does `("or", 0, ("and", 0, 1))` hold? What do their weights sum
# to?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# `("or", ("and", 0, 1), ("not", 0))` at p = (0.8, 0.5). Worlds, as (atom 0, atom 1): both true holds, 0.4; atom 0 alone
# fails; atom 1 alone holds, 0.1; neither holds, 0.1. Together 0.6.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# Worlds are those of the atoms *in the formula*. And sums and products of probabilities need no logarithm, which at 0
# would cost the gradient.
#
# </details>

# %% graded="wmc__values" points=3
# Looks at formulas with shared atoms, not, empty parts, rows of probs, probabilities of 0 and 1.
half = torch.tensor([0.5, 0.5])
check(wmc, ("or", 0, ("and", 0, 1)), half, want=torch.tensor(0.5), why="the second part adds nothing to the first",
      mistakes={"parts that share an atom were taken for independent": torch.tensor(0.625),
                "probabilities were added": torch.tensor(0.75)})
check(wmc, ("and", 1, ("not", 0)), torch.tensor([[0.25, 0.5], [1.0, 0.5]]), want=torch.tensor([0.375, 0.0]),
      why="one answer a row")
check(wmc, ("and",), half, want=torch.tensor(1.0), why="an empty and is true")
### BEGIN HIDDEN TESTS
FORMULAS = [0, 1, 3, ("not", 2), ("or",), ("and",), ("not", ("and",)), ("and", 2), ("or", 3), ("or", 0, 0), ("and", 1, 1),
            ("and", 0, ("not", 0)), ("or", 2, ("not", 2)), ("and", 0, 1, 2, 3), ("or", 3, 2, 1, 0),
            ("or", ("and", 0, 1), ("and", 0, 2)), ("and", ("or", 0, 1), ("or", 1, 2), ("or", 2, 0)),
            ("or", ("and", 0, ("not", 1)), ("and", 1, ("not", 0))), ("not", ("or", 1, ("not", ("and", 3, ("or", 1, 0))))),
            ("or", ("and",), 1), ("and", ("or",), 1), ("and", ("not", ("and", 0, 1)), ("not", ("and", 1, 2)), 3),
            ("or", ("and", 0, 1, 2), ("and", 2, 3), ("not", 1))]
for seed, lead in enumerate([(), (1,), (5,), (2, 3)]):
    for dtype in (torch.float32, torch.float64):
        probs = uniform(*lead, 4, seed=seed, dtype=dtype)
        if len(lead) == 1:
            probs[:1] = torch.tensor([0.0, 1.0, 0.5, 1.0], dtype=dtype)
        for f in FORMULAS:
            want = torch.tensor([counted(f, row) for row in probs.reshape(-1, 4).tolist()], dtype=torch.float64).reshape(lead)
            small = dict(rtol=1e-5, atol=1e-6) if dtype == torch.float32 else dict(rtol=1e-11, atol=1e-13)
            check(wmc, f, probs, want=want.to(dtype), **small, why="the weights of the worlds in which it holds")
wide = uniform(2, 1000, seed=5, dtype=torch.float64)
for f in [("or", ("and", 999, 500), ("and", 999, 3)), ("and", 0, 256, 700, ("not", 998)), 731]:
    check(wmc, f, wide, want=torch.tensor([counted(f, r) for r in wide.tolist()], dtype=torch.float64), rtol=1e-11, atol=0,
          why="three atoms of 1,000")
twelve = ("or", *(("and", i, i + 1) for i in range(11)))
check(wmc, twelve, uniform(12, seed=6, dtype=torch.float64), rtol=1e-9, atol=0,
      want=torch.tensor(counted(twelve, uniform(12, seed=6, dtype=torch.float64).tolist()), dtype=torch.float64),
      why="twelve atoms, 4,096 worlds")
deep = 0
for i in range(29):
    deep = ("not", deep) if i % 3 else ("and", deep, i % 2)
check(wmc, deep, torch.tensor([0.3, 0.9]), want=torch.tensor(counted(deep, [0.3, 0.9])), why="nested 29 deep",
      rtol=1e-5, atol=1e-6)
nots, ladder = 0, 0
for i in range(29):
    nots, ladder = ("not", nots), (("and", "or", "and", "or", "or")[i % 5], ("not", ladder), i % 4 + 1)
check(wmc, nots, torch.tensor([0.3, 0.9]), want=torch.tensor(0.7), why="29 times not")
rungs = [0.75, 0.05, 0.02, 0.9, 0.4]
check(wmc, ladder, torch.tensor(rungs), want=torch.tensor(counted(ladder, rungs)), why="nested deep", rtol=1e-5, atol=1e-6)
check(wmc, ("and", 0, 1), torch.tensor([1e-6, 1e-6]), want=torch.tensor(1e-12), rtol=1e-4, atol=0, why="small and exact")
check(wmc, ("and", 0, ("or", 1, 2)), torch.tensor([1e-6, 5e-7, 5e-7]), want=torch.tensor(1e-12), rtol=1e-4, atol=0,
      why="small and exact")
for f in (("or", 0, 1), ("or", 1, 0, 0), ("not", ("and", ("not", 0), ("not", 1))), ("or", ("and", 0, ("or", 2, 3)), 1),
          ("and", ("or", 0, 1), ("or", 2, 3))):
    small = [3e-9, 1e-9, 0.5, 0.25]
    check(wmc, f, torch.tensor(small), want=torch.tensor(counted(f, small)), rtol=1e-4, atol=0,
          why="small and exact: 1 - (1 - p)(1 - q) is 0 in float32")
strided = uniform(4, 6, seed=7, dtype=torch.float64).T
check(wmc, FORMULAS[16], strided, want=torch.tensor([counted(FORMULAS[16], r) for r in strided.tolist()], dtype=torch.float64),
      rtol=1e-11, atol=0, why="strided probabilities are valid")
### END HIDDEN TESTS

# %% graded="wmc__gradient" points=2
# Looks at the gradient, also where a probability is exactly 0 or 1.
_, grads = value_and_grad(wmc, ("or", 0, ("and", 0, 1)), torch.tensor([0.5, 0.5]), wrt=1)
expect(grads[0], torch.tensor([1.0, 0.0]), on="the gradient of P(A or (A and B))", why="it is P(A): B does not matter")
_, grads = value_and_grad(wmc, ("and", 0, 1), torch.tensor([0.0, 1.0]), wrt=1)
expect(grads[0], torch.tensor([1.0, 0.0]), on="the gradient of P(A and B) at (0, 1)", why="each gets the other's value",
       mistakes={"at 0 the gradient was lost": torch.tensor([0.0, 0.0])})
### BEGIN HIDDEN TESTS
for seed, f in enumerate([("or", 0, 1, 2), ("and", 0, 1, 2), ("or", ("and", 0, 1), ("and", 1, ("not", 2))), ("not", 1),
                          ("and", ("or", 0, 1), ("or", 1, 2), ("or", 2, 0)),
                          ("or", ("and", 0, ("not", 1)), ("and", 1, ("not", 0)))]):
    probs = uniform(4, 5, seed=seed, dtype=torch.float64)
    probs[1, 0], probs[1, 1], probs[2, :3], probs[3, :3] = 0, 1, 0, 1
    want = torch.zeros_like(probs)
    for r, row in enumerate(probs.tolist()):
        for i in leaves(f):
            sure, never = [*row], [*row]
            sure[i], never[i] = 1.0, 0.0
            want[r, i] = counted(f, sure) - counted(f, never)
    _, grads = value_and_grad(wmc, f, probs, wrt=1)
    expect(grads[0], want, on=f"the gradient of wmc({f}, …), with probabilities of 0 and 1", rtol=1e-9, atol=1e-12,
           why="P(f | i) - P(f | not i)")
### END HIDDEN TESTS

# %% graded="wmc__half" points=1
# Looks at half precision, and at the arguments after the call.
unchanged(wmc, ("or", 0, 1), torch.tensor([0.5, 0.5]), want=torch.tensor(0.75))
check(wmc, ("not", 0), torch.tensor([[0.0004], [0.25]]).bfloat16(), want=torch.tensor([1.0, 0.75]).bfloat16(), why="1 - p")
### BEGIN HIDDEN TESTS
F6 = ("or", ("and", 0, 1, 2), ("and", 3, ("not", 4)), ("and", 5, 2))
def oracle(probs):
    return torch.tensor([counted(F6, r) for r in probs.reshape(-1, 6).tolist()], dtype=torch.float64).reshape(probs.shape[:-1])

precise(lambda p: wmc(F6, p), uniform(7, 6, seed=1), oracle=oracle)
none = ("and", *(("not", i) for i in range(8)))
precise(lambda p: wmc(none, p), (0.1 * uniform(30, 1, seed=3)).expand(30, 8).contiguous(),
        oracle=lambda p: (1 - p).prod(-1), why="1 - p in half precision is rounded eight times")
tiny = ("and", 0, ("not", 1), ("not", 1), ("or", 0, 1))
precise(lambda p: wmc(tiny, p), uniform(5, 2, seed=2) * 0.2,
        oracle=lambda p: torch.tensor([counted(tiny, r) for r in p.tolist()], dtype=torch.float64))
unchanged(wmc, F6, uniform(3, 6, seed=4, dtype=torch.float64), want=oracle(uniform(3, 6, seed=4, dtype=torch.float64)))
fresh(wmc, 0, torch.tensor([0.25, 0.5]), want=torch.tensor(0.25))
fresh(wmc, ("or", 1), torch.tensor([[0.25, 0.5]]), want=torch.tensor([0.5]))
### END HIDDEN TESTS

# %% tags=["picture"]
neuro_symbolic.shared_atoms(wmc)

# %% [markdown]
# $P(A \lor (A \land B_1) \lor (A \land B_2) \dots)$ is $P(A)$, however many parts are added. Grey: what multiplying
# along the formula says.

# %% [markdown]
# ### A sum of two digits that nobody read
#
# A network looks at two images and gives log-probabilities of ten digits for each. The rule is addition. The
# probability of a sum s is a weighted model count over pairs of digits:
#
# $$P(s) = \sum_{i + j = s} p_i\, q_j.$$
#
# For two digits 100 worlds, for k digits $10^k$. But worlds with equal sums can share: the sum of three is the sum of
# two, plus one. A **convolution** does just this, and costs $k^2 \cdot 100 / 2$ products, about. That is knowledge
# compilation in one line.
#
# **The catch is in the logarithm.** Early in training $P(s)$ may be 1e-60; as a float32 it is 0, its logarithm −∞, its
# gradient NaN. So stay in logs, and shift each sum by *its own* largest term before `exp`. Sums that cannot occur are
# −∞; from such a group of terms, all of them −∞, `torch.logsumexp` gives −∞ and then a gradient that is NaN.
#
# ### Exercise 29.7 · sum_distribution
#
# From log-probabilities of two independent numbers, $i$ in 0 … m − 1 and $j$ in 0 … n − 1, those of their sum, 0 … m +
# n − 2.
#
# - `log_p` (…, m), `log_q` (…, n), with one leading shape and dtype; m and n from 1, and not equal as a rule. Returns
#   (…, m + n − 1). Entries may be −∞: impossible. A sum that cannot occur is −∞ (never NaN).
# - Values span much: entries of −5,000 beside 0, in one row and between rows. All sums keep an absolute error of 5e-3 in
#   float32, 1e-9 in float64, however small their probability.
# - Rows need not sum to 1, and nothing is normalised.
# - Gradients flow to both. They are **never NaN or infinite** for finite entries and for −∞; an entry of −∞, and a sum
#   that cannot occur, send and get 0. (The sum of all outputs is differentiated, impossible ones included.)
# - Half precision is computed in float32. The answer is a new tensor, also for m = 1 or n = 1.
#
# Source: Manhaeve et al. 2018, arXiv 1805.10872, whose first task is the addition of MNIST digits.

# %% stub="sum_distribution"
def sum_distribution(log_p: Float[Tensor, "*lead m"], log_q: Float[Tensor, "*lead n"]) -> Float[Tensor, "*lead s"]:
    """Log-probabilities of the sum of two independent numbers.

    Two fair coins that show 0 or 1, [log 0.5, log 0.5] each: [log 0.25, log 0.5, log 0.25].
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(log_p.dtype, torch.float32)
    p, q = log_p.to(wide), log_q.to(wide)
    m, n = p.shape[-1], q.shape[-1]
    j = torch.arange(m + n - 1)[:, None] - torch.arange(m)  # what goes with i to make each sum
    terms = p[..., None, :] + torch.where((j >= 0) & (j < n), q[..., j.clamp(0, n - 1)], -math.inf)  # (…, s, i)
    top = terms.detach().amax(-1, keepdim=True)
    top = torch.where(top.isfinite(), top, 0.0)
    total = (terms - top).exp().sum(-1)
    some = total > 0
    log = torch.where(some, total, 1.0).log() + top.squeeze(-1)
    return torch.where(some, log, -math.inf).to(log_p.dtype)
    ### END SOLUTION
    raise NotImplementedError("sum_distribution")

# %% [markdown] hints="sum_distribution"
# <details><summary>Hint 1: a question</summary>
#
# For m = 2 and n = 3, which pairs (i, j) have the sum 2? How many sums are there?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# p = (0.9, 0.1), q = (0.5, 0, 0.5). Sums: 0.45, 0.05, 0.45, 0.05. With q = (0, 0, 1) instead: 0, 0, 0.9, 0.1, and the
# first two logarithms are −∞.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# −∞ − (−∞) is NaN, and the logarithm of 0 has an infinite slope. Both must be made harmless before they are computed;
# putting −∞ in afterwards repairs the value, not the gradient.
#
# </details>

# %% graded="sum_distribution__values" points=3
# Looks at sums of all sizes, impossible ones, entries of -5,000, leading shapes.
coin = torch.tensor([0.5, 0.5]).log()
check(sum_distribution, coin, coin, want=torch.tensor([0.25, 0.5, 0.25]).log(), why="00, 01 and 10, 11",
      mistakes={"the sums go round in a circle": torch.tensor([0.5, 0.5]).log()})
check(sum_distribution, torch.tensor([0.9, 0.1]).log(), torch.tensor([0.0, 0.0, 1.0]).log(),
      want=torch.tensor([0.0, 0.0, 0.9, 0.1]).log(), why="m + n - 1 sums; impossible ones are -inf")
check(sum_distribution, torch.tensor([-1000.0, -2000.0]), torch.tensor([-500.0]), want=torch.tensor([-1500.0, -2500.0]),
      why="each sum on its own scale: exp(-1500) is 0 in any dtype",
      mistakes={"the logarithm of 0": torch.tensor([-math.inf, -math.inf])})
### BEGIN HIDDEN TESTS
for seed, (lead, m, n) in enumerate([((), 1, 1), ((), 1, 4), ((3,), 5, 1), ((4,), 10, 10), ((2, 3), 3, 7), ((5,), 7, 3),
                                     ((1,), 28, 10), ((2,), 40, 70)]):
    for dtype in (torch.float32, torch.float64):
        small = dict(rtol=0, atol=5e-3) if dtype == torch.float32 else dict(rtol=0, atol=1e-9)
        for scale in (1.0, 30.0, 1200.0):
            p, q = scale * drawn(*lead, m, seed=seed, dtype=dtype), scale * drawn(*lead, n, seed=seed + 9, dtype=dtype)
            if scale == 30:
                p, q = p.log_softmax(-1), q.log_softmax(-1)
            check(sum_distribution, p, q, want=summed(p, q).to(dtype), **small, why="every sum, on its own scale")
        p, q = drawn(*lead, m, seed=seed, dtype=dtype), drawn(*lead, n, seed=seed + 9, dtype=dtype)
        p, q = torch.where(p > 0.4, -math.inf, p), torch.where(q > 0.6, -math.inf, q)
        check(sum_distribution, p, q, want=summed(p, q).to(dtype), **small, why="an entry of -inf is impossible")
for p, q in [([[0.0, -5000.0, -math.inf], [-5000.0, -1.0, 0.0]], [[-math.inf, -5000.0], [0.0, -math.inf]]),
             ([[-math.inf] * 3, [0.0] * 3], [[0.0, 0.0], [-math.inf, -math.inf]])]:
    p, q = torch.tensor(p), torch.tensor(q)
    check(sum_distribution, p, q, want=summed(p, q).float(), rtol=0, atol=5e-3, why="rows of very different scale, and -inf")
p, q = drawn(7, 9, seed=1, dtype=torch.float64).T, drawn(4, 9, 2, seed=2, dtype=torch.float64)[..., 0].T
check(sum_distribution, p, q, want=summed(p, q), rtol=0, atol=1e-9, why="strided arguments are valid")
want = torch.tensor(np.log(np.convolve(np.exp(p[0].numpy()), np.exp(q[0].numpy()))))
check(sum_distribution, p[0], q[0], want=want, rtol=0, atol=1e-9, why="a convolution of the probabilities")
### END HIDDEN TESTS

# %% graded="sum_distribution__gradient" points=3
# Looks at the gradients, with impossible entries and sums too.
_, grads = value_and_grad(sum_distribution, torch.tensor([0.0, -math.inf]), torch.tensor([-math.inf, -1.0]), wrt=(0, 1))
for name, grad, want in zip(("log_p", "log_q"), grads, (torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0]))):
    expect(grad, want, on=f"the gradient of {name}, log_p = [0, -inf], log_q = [-inf, -1]",
           why="only the sum 1 = 0 + 1 can occur; all else gets 0, not NaN")
### BEGIN HIDDEN TESTS
def slopes_of(p, q):
    "Posteriors, pair by pair: what share of each sum a number has."
    s, gp, gq = summed(p, q), torch.zeros_like(p), torch.zeros_like(q)
    for i in range(p.shape[-1]):
        for j in range(q.shape[-1]):
            share = (p[..., i] + q[..., j] - s[..., i + j]).exp().nan_to_num(0.0)
            gp[..., i] += share
            gq[..., j] += share
    return gp, gq

for seed, (lead, m, n) in enumerate([((), 1, 3), ((4,), 5, 3), ((2, 3), 6, 10), ((3,), 10, 10)]):
    for scale, cut in [(1.0, 9.0), (1.0, 0.3), (600.0, 9.0), (1.0, -9.0)]:
        p, q = drawn(*lead, m, seed=seed, dtype=torch.float64), drawn(*lead, n, seed=seed + 5, dtype=torch.float64)
        p, q = torch.where(p > cut, -math.inf, scale * p), torch.where(q > cut + 0.3, -math.inf, scale * q)
        _, grads = value_and_grad(sum_distribution, p, q, wrt=(0, 1))
        for name, grad, want in zip(("log_p", "log_q"), grads, slopes_of(p, q)):
            grad = torch.zeros_like(want) if grad is None and not want.any() else grad
            expect(grad, want, on=f"the gradient of {name}, shapes {tuple(p.shape)} and {tuple(q.shape)}, "
                                  f"{int(p.isinf().sum() + q.isinf().sum())} entries of -inf", rtol=1e-7, atol=1e-8)
### END HIDDEN TESTS

# %% graded="sum_distribution__half" points=1
# Looks at half precision, and at the arguments after the call.
unchanged(sum_distribution, torch.tensor([0.0, -1.0]), torch.tensor([-2.0]), want=torch.tensor([-2.0, -3.0]))
fresh(sum_distribution, torch.tensor([0.25, -1.0]), torch.tensor([0.0]), want=torch.tensor([0.25, -1.0]))
check(sum_distribution, torch.tensor([0.0] * 5).bfloat16(), torch.tensor([0.0] * 5).bfloat16(),
      want=torch.tensor([1.0, 2, 3, 4, 5, 4, 3, 2, 1]).log().bfloat16(), rtol=0.004, atol=0, why="float32 inside")
### BEGIN HIDDEN TESTS
for seed, (m, n) in enumerate([(24, 30), (70, 41)]):
    precise(sum_distribution, drawn(3, m, seed=seed) - 6, drawn(3, n, seed=seed + 3) - 7, oracle=summed)
precise(sum_distribution, 0.1 * drawn(2, 41, seed=5) - 1.85, 0.1 * drawn(2, 41, seed=6) - 1.86, oracle=summed,
        why="sums near 1 have logarithms near 0: terms rounded to half precision do not reach them")
p, q = drawn(3, 4, seed=1, dtype=torch.float64), drawn(3, 2, seed=2, dtype=torch.float64)
unchanged(sum_distribution, p, q, want=summed(p, q))
p[0, 1] = q[1, 0] = -math.inf
unchanged(sum_distribution, p, q, want=summed(p, q))
fresh(sum_distribution, torch.tensor([[0.0]]), torch.tensor([[0.5, -math.inf]]), want=torch.tensor([[0.5, -math.inf]]))
### END HIDDEN TESTS

# %% [markdown]
# ## 7 · A network that learns digits from sums
#
# Now all of it. **Perception**: `perceive(params, images)` of the first code cell, *one* network for every image.
# **Rule**: the digits of an example add up to its label. **Loss**: $-\log P(\text{label})$, through your
# `sum_distribution`. No image has a label of its own. The gradient of the loss at the logit of digit i of the first image
# is the digit's probability minus its *posterior* given the sum: the rule tells the network which digits would explain
# what was seen.
#
# **The catch: a rule teaches no more than it says.** If two readings of the images explain all labels equally well, the
# network may learn either. Such a **reasoning shortcut** (Marconato et al. 2023, arXiv 2305.19951) has perfect
# accuracy on the labels and wrong concepts. Count the readings, maps from true digits to read digits under which each
# label stays right:

# %% tags=["picture"]
neuro_symbolic.shortcuts()

# %% [markdown]
# With digits 0 to 4, two of them an example. The sum and the larger of two leave one reading. The absolute difference
# leaves two: each digit d may be read as 4 − d. The parity of the sum leaves many. What helps: more than one rule, a few
# labelled digits, or an objective that makes the network rebuild the image.
#
# ### Exercise 29.8 · learn
#
# Training from sums alone: `(params, losses)` after one step of Adam for each batch.
#
# - `params` is a list of four tensors, as `perceive` takes them; K, the number of classes, is the length of the last.
#   `images` (N, k, D): **each example has k ≥ 1 images**, all read by the same network. `totals` (N,) int64: the sum of
#   the k digits, each 0 … K − 1; always possible. `batches` is a list of int64 tensors of row numbers, of any length
#   from 1; a number that occurs twice counts twice.
# - For each batch in turn: the loss is the **mean** over its rows of $-\log P(\text{total})$; one step of
#   `torch.optim.Adam` with learning rate `lr`, other settings as they are by default; the state of Adam goes on from batch
#   to batch.
# - Returned are a list of four new tensors, without a graph, and a list with the loss of each batch *before* its step, as
#   plain floats. No batch: copies of the start, and an empty list.
# - In float64 all is float64. `params` of the caller are not changed, in value nor in `requires_grad`.
#
# Source: Manhaeve et al. 2018, arXiv 1805.10872; Kingma and Ba 2015 for Adam, as in `torch.optim.Adam`.

# %% stub="learn"
def learn(params: list[Tensor], images: Float[Tensor, "N k D"], totals: Int[Tensor, "N"],
          batches: list[Int[Tensor, "n"]], lr: float) -> tuple[list[Tensor], list[float]]:
    """Perception trained through the rule "the digits add up to the total", one Adam step a batch.

    A network of 64 pixels, 32 hidden numbers and 10 classes: params of shapes (32, 64), (32,), (10, 32), (10,).
    """
    ### BEGIN SOLUTION
    params = [p.detach().clone().requires_grad_() for p in params]
    adam, losses = torch.optim.Adam(params, lr=lr), []
    for rows in batches:
        log_p = perceive(params, images[rows])  # (n, k, K)
        total = log_p[:, 0]
        for k in range(1, log_p.shape[1]):
            total = sum_distribution(total, log_p[:, k])
        loss = -total.gather(-1, totals[rows][:, None]).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    return [p.detach() for p in params], losses
    ### END SOLUTION
    raise NotImplementedError("learn")

# %% [markdown] hints="learn"
# <details><summary>Hint 1: a question</summary>
#
# The sum of three digits: can a function for two numbers do it, without one line more in it?
#
# </details>
# <details><summary>Hint 2: a worked example</summary>
#
# Two images, K = 2, the network says (0.5, 0.5) and (0.9, 0.1). The total is 1: P = 0.5 · 0.1 + 0.5 · 0.9 = 0.5, the
# loss 0.693. The posterior of the first image is (0.1, 0.9): one image that is read well teaches the other.
#
# </details>
# <details><summary>Hint 3: the step that people miss</summary>
#
# The caller's tensors are leaves of nothing: train copies of them. And a loss that is kept as a tensor keeps its whole
# graph.
#
# </details>

# %% graded="learn__step" points=3
# Looks at losses and parameters after some steps, for one, two and three images an example.
g = torch.Generator().manual_seed(0)
start = [torch.randn(4, 3, generator=g), torch.zeros(4), torch.zeros(3, 4), torch.zeros(3)]
images, rows = torch.randn(5, 2, 3, generator=g), [torch.arange(5)]
_, losses = learn(start, images, torch.tensor([2, 2, 2, 2, 2]), rows, 0.01)
expect(losses, [math.log(3)], on="the first loss of a network that finds all three digits alike, all totals 2", rtol=1e-5,
       why="3 of 9 pairs have the sum 2; the mean over the batch, as plain floats")
### BEGIN HIDDEN TESTS
for seed, (N, k, D, H, K, sizes, lr) in enumerate([(7, 2, 5, 6, 4, (3, 5, 2), 0.01), (9, 1, 4, 3, 5, (4, 9), 0.1),
                                                   (6, 3, 3, 7, 3, (6, 1, 2), 0.003), (8, 2, 6, 4, 10, (5, 5), 0.02),
                                                   (5, 4, 3, 4, 2, (3, 3, 3), 0.05), (6, 2, 3, 5, 12, (6, 4), 0.02)]):
    g = torch.Generator().manual_seed(seed)
    start, images = network(D, H, K, 10 * seed), drawn(N, k, D, seed=seed, dtype=torch.float64)
    totals = torch.randint(K, (N, k), generator=g).sum(1)
    batches = [torch.randint(N, (n,), generator=g) for n in sizes]
    want, wanted = learnt(start, images, totals, batches, lr)
    params, losses = learn([p.clone() for p in start], images, totals, batches, lr)
    expect(losses, wanted, on=f"the losses of {len(sizes)} steps, {k} images an example", rtol=0, atol=1e-8,
           why="in float64 all is float64")
    expect(list(params), want, on=f"the parameters after {len(sizes)} steps, {k} images an example, lr = {lr}",
           rtol=1e-5, atol=1e-7)
    assert all(type(x) is float for x in losses), f"plain floats were asked for, got {losses!r}"
sure = network(4, 5, 6, 3)
sure[2] = 4000 * sure[2]  # a network that is sure, and mostly wrong: P(total) is 0 in any dtype, its logarithm is not
images, totals = drawn(8, 3, 4, seed=9, dtype=torch.float64), torch.tensor([0, 15, 7, 1, 14, 10, 0, 3])
batches = [torch.arange(8), torch.arange(3, 8)]
want, wanted = learnt(sure, images, totals, batches, 0.01)
params, losses = learn([p.clone() for p in sure], images, totals, batches, 0.01)
expect(losses, wanted, on="the losses of a network that is sure and wrong", rtol=1e-6, atol=1e-8,
       why="stay in logarithms: exp underflows")
expect(list(params), want, on="the parameters of a network that was sure and wrong", rtol=1e-5, atol=1e-7)
### END HIDDEN TESTS

# %% graded="learn__arguments" points=1
# Looks at the arguments after the call, at no batches, and at a second call.
g = torch.Generator().manual_seed(1)
start = [torch.randn(4, 3, generator=g), torch.zeros(4), torch.randn(3, 4, generator=g), torch.zeros(3)]
fresh(learn, start, torch.randn(5, 2, 3, generator=g), torch.tensor([0, 1, 2, 3, 4]), [], 0.1,
      want=([p.clone() for p in start], []), why="no batch: a copy of the start")
params, _ = learn(start, torch.randn(5, 2, 3, generator=g), torch.tensor([0, 1, 2, 3, 4]), [torch.arange(5)], 0.1)
assert not any(p.requires_grad for p in start), "the caller's tensors require gradients after the call: train copies"
assert not any(p.requires_grad for p in params), "the parameters that come back still require gradients: detach them"
### BEGIN HIDDEN TESTS
g = torch.Generator().manual_seed(2)
start, images = network(4, 5, 3, 7), drawn(6, 2, 4, seed=8, dtype=torch.float64)
totals = torch.randint(3, (6, 2), generator=g).sum(1)
batches = [torch.tensor([0, 3, 3, 5]), torch.tensor([1, 2])]
want = learnt(start, images, totals, batches, 0.05)
for _ in range(2):
    unchanged(learn, [p.clone() for p in start], images.clone(), totals.clone(), [b.clone() for b in batches], 0.05,
              want=want, rtol=1e-5, atol=1e-7)
wide = drawn(4, 2, 6, seed=8, dtype=torch.float64).permute(2, 1, 0)
flat = [p.mT.contiguous().mT if p.dim() == 2 else p for p in start]
check(learn, flat, wide, totals, batches, 0.05, want=learnt(start, wide, totals, batches, 0.05), rtol=1e-5, atol=1e-7,
      why="strided arguments are valid")
### END HIDDEN TESTS

# %% graded="learn__learns" points=2
# Looks at what the network reads after training: digits that nobody labelled.
def clusters(seed: int, n: int, K: int, k: int):
    "n examples of k images, each near one of K corners; their digits, and a small network to begin with."
    g = torch.Generator().manual_seed(seed)
    digits = torch.randint(K, (n, k), generator=g)
    images = torch.eye(K)[digits] + 0.2 * torch.randn(n, k, K, generator=g)
    start = [torch.randn(16, K, generator=g) / K ** 0.5, torch.zeros(16), torch.randn(K, 16, generator=g) / 4, torch.zeros(K)]
    return images, digits, start, [torch.randint(n, (32,), generator=g) for _ in range(150)]

images, digits, start, batches = clusters(0, 200, 4, 2)
params, losses = learn(start, images, digits.sum(1), batches, 0.02)
right = (perceive(params, images).argmax(-1) == digits).double().mean().item()
assert right > 0.9, f"expected more than 90 % of the digits read rightly after 150 steps on sums, got {right:.0%}"
### BEGIN HIDDEN TESTS
for seed, K, k in [(1, 4, 2), (3, 3, 3), (4, 5, 1)]:
    images, digits, start, batches = clusters(seed, 250, K, k)
    params, losses = learn(start, images, digits.sum(1), batches, 0.02)
    right = (perceive(params, images).argmax(-1) == digits).double().mean().item()
    assert right > 0.9, \
        f"{K} classes, {k} images an example: expected more than 90 % of digits read rightly, got {right:.0%}"
    assert sum(losses[-10:]) < sum(losses[:10]), f"expected falling losses, got {losses[:3]} to {losses[-3:]}"
### END HIDDEN TESTS

# %% tags=["picture"]
neuro_symbolic.digits_from_sums(learn, perceive)

# %% [markdown]
# Real digits now, 8 × 8 pixels (scikit-learn's), 300 pairs with their sums, about 2 seconds. Rows are what a held-out
# image shows, columns how the network reads it. Nobody told it that a ring is a 0: it is the only reading under which
# the sums add up.
#
# The network began *undecided*, with output weights of 0: all digits alike. Begun at random it has opinions before it has
# seen anything. With few pairs either start may settle on a wrong reading that explains some of the sums, a local
# optimum; another seed is the usual remedy. In the widget of part 10 you can look for such a seed.
#
# The whole system rests on this matrix. An image that is misread passes through a perfect rule to a wrong sum. If a is
# the accuracy on digits and mistakes are independent, both digits of a pair are right with probability a²: 0.9 for a =
# 0.95.
#
# %% [markdown]
# ## 8 · What a hybrid guarantees, and what not
#
# | part | what holds | what does not follow |
# |---|---|---|
# | rule engine | conclusions follow from facts and rules | that facts and rules are right |
# | check against a graph | no claim passes that the graph contradicts | that unknown claims are true, that all were found |
# | rules over a decision | in this list, in this order, each was checked | that the list is complete |
# | constrained decoding | the output has the form, the names exist | that the content is right |
# | logic in the loss | the rule is kept more often in training | that it is kept on the next input |
#
# Only the first four are **hard** constraints: they hold for each input, whatever the network says. A rule in the loss is
# a **soft** one. **Constitutional AI** (Bai et al. 2022, arXiv 2212.08073) is softer still, and no symbolic method: its
# principles are sentences, used by a model to judge answers for training. Nothing is enforced when it answers.
#
# Of the table "neural, symbolic, neuro-symbolic" in the guide: the third column says excellent nearly everywhere. A
# combination inherits the mistakes of perception, and it has costs of its own: rules must be written, kept up to date,
# and *grounded*, tied to what the network can see. "Fully explainable" is the part after perception. And some of the
# first column is dated: language models learn from examples in the prompt, without retraining, and write chains of
# thought. These are not *faithful* by any guarantee: the text need not be what the computation did.
#
# Is it "the path to AGI", artificial general intelligence? "System 1 and System 2", fast intuition and slow reasoning, is
# an analogy from psychology; no experiment follows from it. An interviewer learns more from another question: **which
# guarantee do you need, on which output, and what does it rest on?**
#
# In production, hybrids are mostly of the first and fourth kind: rules over a score in credit and fraud, checks of doses
# and interactions in medicine, checks of clauses in contracts, a safety envelope around a learned planner in vehicles,
# and everywhere language models that write a query or a program which an ordinary engine executes.
#
# ## 9 · The experiment: what is a rule worth in examples?
#
# Pairs of real digits and their sums. Four systems, each trained by your `learn`, 600 steps:
#
# | name | how |
# |---|---|
# | `"rule, 100"` | perception and the rule, 100 pairs with their sums |
# | `"rule, 300"` | the same, 300 pairs |
# | `"alone, 300"` | one network from both images to 19 sums, 300 pairs |
# | `"alone, 1000"` | the same, 1,000 pairs |
#
# The second kind has twice the width and more weights; for it, your `learn` with one "image" of 128 pixels is ordinary
# classification. It takes about 4 seconds. **Predict before you run it**: which finds most sums of new pairs? Order the
# four, the best first. One point for committing, one for being right.

# %% stub="prediction"
prediction: list[str] | None = None  # the four names, the best first
### BEGIN SOLUTION
prediction = ["rule, 300", "rule, 100", "alone, 1000", "alone, 300"]
### END SOLUTION

# %% graded="prediction__committed" points=1
# You committed to an order.
committed(prediction, order_of=["rule, 100", "rule, 300", "alone, 300", "alone, 1000"])

# %% graded="prediction__right" points=1
# The order is the one that the experiment shows.
committed(prediction, order_of=["rule, 100", "rule, 300", "alone, 300", "alone, 1000"])
### BEGIN HIDDEN TESTS
predicted(prediction, ["rule, 300", "rule, 100", "alone, 1000", "alone, 300"],
          "How many of the 100 pairs of digits must each kind of network have seen, to know their sums?")
### END HIDDEN TESTS

# %% tags=["experiment"]
def with_rule(start, images, totals, batches):
    "Reads each image, then adds."
    params, _ = learn(start(64, 64, 10), images, totals, batches, 3e-3)
    return lambda new: sum_distribution(*perceive(params, new).unbind(1)).argmax(-1)


def alone(start, images, totals, batches):
    "Both images in, one of 19 sums out."
    params, _ = learn(start(128, 128, 19), images.flatten(1)[:, None], totals, batches, 3e-3)
    return lambda new: perceive(params, new.flatten(1)).argmax(-1)


table = neuro_symbolic.sample_efficiency(with_rule, alone, prediction=prediction)

# %% [markdown]
# - Ask of each system what one image of a 3 teaches it: something about all pairs with a 3, or about this pair alone?
#   There are 100 pairs of digits. How often did the examples show each?
# - How much does each gain from more pairs? Where would the two lines meet?
# - The rule was right, and known. The widget shows what happens when it is not.
# - What this does not show: that such a rule exists for your task. Addition is written in one line; "is this contract
#   fair?" is not.
#
# ## 10 · Feel it: a rule is only as good as what is fed to it
#
# Move the number of pairs and the share of wrong labels; then let the labels be *differences* (with 9 added, so that they
# lie in 0 … 18) while the network still believes in sums. Each move trains anew, 300 steps in about a second. Under
# the wrong rule, does the loss tell you that something is wrong? Do the digits? Then take the right labels, 100 pairs, a
# random start, and move the seed.

# %% tags=["widget"]
neuro_symbolic.widget(learn, perceive)

# %% [markdown]
# ## 11 · Say it: the written question
#
# A person reads this answer (in a study group, you do, with the marking scheme).

# %% [markdown] question="pharmacy"
# A pharmacy's assistant answers questions on medicines with a language model. Product management proposes: "We put the
# interaction graph (80,000 triples) into the prompt: entities of the question, depth 2. Then **the model cannot
# contradict the graph**, the answers are **fully explainable**, and since what is not in the graph does not interact, we
# can say *safe*." Write, in about 15 lines:
#
# 1. Why does a prompt full of triples prevent nothing, and what does? Name two mechanisms, and what each guarantees.
# 2. "Not in the graph, so safe": name the assumption, and say what the assistant answers instead.
# 3. Depth 2 around a drug with 300 interactions: what happens, and what do you do?
# 4. The release rule "never recommend two drugs with a known severe interaction": where does it run, what does it see,
#    what does the log hold? What is explained then, and what stays unexplained?
#
# === BEGIN MARK SCHEME ===
#
# 1 point each:
#
# - **Prompt**: it changes probabilities, forbids nothing. Check the finished answer claim by claim (no claim passes that
#   the graph contradicts; extraction may miss claims), constrained decoding (only names or forms that exist), or a query
#   by an engine. Half a point for one mechanism without what it guarantees.
# - **Assumption**: closed world. Under an open world an absent triple is unknown: say "no interaction is recorded here;
#   ask a pharmacist", and treat "safe" as a claim that needs support. Functional relations alone refute.
# - **Depth 2**: some 300 · d entities for average degree d (90,000 if all are hubs, more than the graph has triples).
#   Follow relation and direction, rank, cut at a budget.
# - **Rule**: outside the model, on every answer, hard; it sees the *facts* (the customer's drugs, the graph), not only the
#   answer; priorities and one pass; the log holds ids of rules checked and fired, raw and final decision, a keyed hash
#   of the input. Explained: the deduction. Unexplained: what the model extracted and why.
#
# === END MARK SCHEME ===

# %% [markdown] written="pharmacy" points=4
# ### BEGIN SOLUTION
# 1. Triples in a prompt make some texts likelier; every token stays possible. What prevents: (a) split the finished
#    answer into claims and check each against the graph: no claim passes that the graph contradicts, as far as the
#    claims were extracted rightly; (b) constrained decoding: only existing drug names and the given form can come out,
#    though the content may be wrong; or (c) the model only writes a query, and the engine's result is the answer.
# 2. That is the closed-world assumption. The graph is incomplete, so the world is open, and a missing triple means
#    unknown. The assistant says: "No interaction is recorded in our data; that does not mean that there is none", and
#    hands over to a pharmacist. It says "safe" only where a source says so.
# 3. The neighbourhood has about 300 times the average degree; with hubs up to 90,000 entities. The prompt overflows or
#    drowns the one triple that counts. Ask for the pair directly, follow the interaction relation alone, rank by severity,
#    cut at a budget.
# 4. Outside the model, after generation, on every answer. It gets the customer's list of drugs and the graph as facts,
#    not only the model's text. Priorities, a fixed order, one pass, stop. The log holds the rules checked and fired, the
#    raw and the final answer, and an HMAC of the input instead of the input. Explained is which rule fired on which
#    facts. Why the model read "aspirin" in a blurred photo stays unexplained, and with it everything that follows.
# ### END SOLUTION

# %% [markdown]
# ## 12 · Say it: interview cards
#
# Say your answer aloud, then unfold.

# %% [markdown] card="29.1" level="basic"
# <details><summary>What is neuro-symbolic AI, and why does it matter?</summary>
#
# - Learned networks (perception, noise, language) together with symbols (facts, rules, search, proof).
# - Why: what is known need not be learnt (compare the section's experiment), hard constraints, conclusions with a proof,
#   knowledge that is changed by editing a line.
# - Not new: KBANN (1990), DeepProbLog (2018), AlphaGeometry (2024).
# - It costs: rules to write, maintain and ground; perception's mistakes go through.
# - Slip: "symbolic systems reason perfectly". They are sound *relative to* rules and facts, and often intractable.
#
# </details>

# %% [markdown] card="29.2" level="medium"
# <details><summary>What architectures are there for integrating neural and symbolic parts?</summary>
#
# - Network → symbols: labels become facts, rules decide. No gradient comes back.
# - Symbols → network: rules as a term of the loss (t-norms). Soft.
# - Logic inside: probabilities through exact counting, gradients come back (DeepProbLog). Learns digits from sums.
# - Language model and tool: it writes a query, program or proof, an engine executes or checks it.
# - No gradient through a solver: sample, check, reinforce what passed (or train on it); or put a differentiable count in
#   its place.
# - Kautz has six types; the guide's "sequential, parallel, embedded" is coarser. Ask what crosses the border, and whether
#   a gradient comes back.
#
# </details>

# %% [markdown] card="29.3" level="medium"
# <details><summary>How are knowledge graphs used in neuro-symbolic systems?</summary>
#
# - As triples (subject, relation, object) with rules from an ontology: retrieval for a prompt, entity linking, checking
#   claims, facts for a rule engine.
# - Depth 2 holds about d² entities if all have d links, far more once a hub is met: rank, follow directions, cut at a
#   budget.
# - A prompt of triples forbids nothing. Check the answer claim by claim, or constrain decoding.
# - Open world: absent is unknown. What refutes is a functional (or inverse functional) relation with another value.
# - Resolve aliases first; the graph may contradict itself: report it as disputed.
#
# </details>

# %% [markdown] card="29.4" level="medium"
# <details><summary>What applications does neuro-symbolic AI have in production?</summary>
#
# - Rules over a score (credit, fraud), checks of doses and interactions, clauses in contracts, safety envelopes in
#   vehicles, language models that write queries or programs for an engine.
# - Form: network decides, rules see the **input's facts** and may overrule, a log records.
# - Rules need priorities, a defined order for ties, one pass, a way to stop. Two that undo each other must not loop.
# - Log: raw and final decision, rules checked and fired, a keyed hash (HMAC) of the input. Not the input.
# - Explained is the rule part alone.
#
# </details>

# %% [markdown] card="" level="medium"
# <details><summary>Naive against semi-naive evaluation; forward against backward chaining?</summary>
#
# - Forward: from facts to all conclusions, good for many questions on one set of facts. Datalog always ends.
# - Backward: from a goal to what it needs (Prolog); unification with occurs check, fresh variables for each rule, a guard
#   against circles.
# - Semi-naive: each new fact needs a premise that was new in the last round; match each body atom in turn with the new
#   facts alone. On a chain of 40 links the naive way tries 27 times as many pairs of facts.
# - Negation: what an added fact can take back; stratify.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>Why not train with a fuzzy logic loss and call the degrees probabilities?</summary>
#
# - A t-norm sees two numbers, not which events they are of: P(A or (A and B)) at 0.5 becomes 0.625 instead of 0.5.
# - Gradients: Gödel's reaches one input only; Łukasiewicz's none while a + b < 1; of ten atoms at 0.8 the product's
#   *and* is 0.107.
# - Exact: weighted model counting over worlds (as a loss, −log P(rule): the semantic loss); $2^n$ in general, but
#   compiled where structure allows: the sum of two digits is a convolution.
# - Implication is kept vacuously: lowering the premise satisfies it, too.
# - Numerics: stay in logs; `where` differentiates both branches.
#
# </details>

# %% [markdown] card="" level="killer"
# <details><summary>The network satisfies every constraint, and its concepts are wrong. How?</summary>
#
# - A **reasoning shortcut**: another reading of the inputs that explains all labels. With digits 0 to 4 the parity of a
#   sum leaves 180 readings, the absolute difference 2, the sum 1.
# - The label accuracy, and the loss, cannot show it.
# - Remedies: more or other rules on the same concepts, a few labelled concepts, reconstruction; test the concepts
#   themselves on labelled data.
# - Same danger with wrong rules: they are learnt as faithfully as right ones.
#
# </details>

# %% [markdown] card="29.5" level="killer"
# <details><summary>Why is neuro-symbolic AI considered a path to AGI?</summary>
#
# - The argument: networks perceive but do not guarantee; symbols guarantee but do not perceive; so combine. "System 1 and
#   System 2" is an analogy.
# - That it is *the* path is an opinion, for which there is no test. Parts of the case against networks are dated:
#   learning from the prompt and chains of thought exist, though these need not be faithful.
# - Reframe: which guarantee, on which output, resting on what? Hard: a proof, a claim check, an ordered list of rules, a
#   grammar. Soft: rules in the loss; Constitutional AI (sentences used for training).
# - What a hybrid inherits: mistakes of perception (0.95 a digit is about 0.9 a pair), rules that are incomplete, shortcuts.
# - What convinces: systems whose output is *checked*, such as AlphaGeometry's deductions.
#
# </details>

# %% [markdown]
# ## 13 · Sources
#
# DeepProbLog: Manhaeve et al. 2018, arXiv 1805.10872. Fuzzy operators in learning: van Krieken et al. 2020, 2002.06100.
# Semantic loss: Xu et al. 2018, 1711.11157. Reasoning shortcuts: Marconato et al. 2023, 2305.19951. Constitutional AI:
# Bai et al. 2022, 2212.08073. AlphaGeometry: Trinh et al. 2024, *Nature* 625. Datalog: Abiteboul, Hull and Vianu 1995,
# *Foundations of Databases*. Unification: Robinson 1965, JACM 12(1); Martelli and Montanari 1982, TOPLAS 4(2). OWL 2:
# https://www.w3.org/TR/owl2-syntax/. HMAC: https://www.rfc-editor.org/rfc/rfc2104. KBANN: Towell, Shavlik and
# Noordewier 1990, AAAI.
