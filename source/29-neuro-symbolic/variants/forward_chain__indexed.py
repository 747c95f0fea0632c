"""timed: an index by predicate, position and value; every round anew with the index, one head at a time."""


from collections import defaultdict


def forward_chain(facts, rules):
    for head, body in rules:
        bound = {t for atom in body for t in atom[1:] if t[:1] == "?"}
        if not {t for t in head[1:] if t[:1] == "?"} <= bound:
            raise ValueError("a variable of the head is not in the body")
    by_name, by_value = defaultdict(list), defaultdict(list)
    known, proof, queue = set(), {}, []

    def add(fact, why):
        if fact not in known:
            known.add(fact)
            queue.append(fact)
            if why is not None:
                proof[fact] = why

    def extend(env, atom, fact):
        env = dict(env)
        for t, c in zip(atom[1:], fact[1:]):
            if t[:1] != "?":
                if t != c:
                    return None
            elif t not in env:
                env[t] = c
            elif env[t] != c:
                return None
        return env

    def candidates(atom, env):
        best = by_name[atom[0], len(atom)]
        for place, t in enumerate(atom[1:]):
            value = env.get(t) if t[:1] == "?" else t
            if value is not None:
                some = by_value[atom[0], len(atom), place, value]
                best = some if len(some) < len(best) else best
        return list(best)

    def rest(body, skip, at, env, used):
        if at == len(body):
            yield env, used
        elif at == skip:
            yield from rest(body, skip, at + 1, env, used)
        else:
            for fact in candidates(body[at], env):
                new = extend(env, body[at], fact)
                if new is not None:
                    yield from rest(body, skip, at + 1, new, {**used, at: fact})

    for fact in facts:
        add(fact, None)
    for i, (head, body) in enumerate(rules):
        if not body:
            add(head, (i, []))
    while queue:
        fact = queue.pop()
        by_name[fact[0], len(fact)].append(fact)
        for place, c in enumerate(fact[1:]):
            by_value[fact[0], len(fact), place, c].append(fact)
        for i, (head, body) in enumerate(rules):
            for j, atom in enumerate(body):
                if atom[0] == fact[0] and len(atom) == len(fact):
                    env = extend({}, atom, fact)
                    if env is not None:
                        for full, used in rest(body, j, 0, env, {j: fact}):
                            add((head[0],) + tuple(full.get(t, t) for t in head[1:]), (i, [used[k] for k in range(len(body))]))
    return known, proof
