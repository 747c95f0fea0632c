"""timed: every round tries all rules on all facts."""


def forward_chain(facts, rules):
    for head, body in rules:
        if any(t.startswith("?") and all(t not in atom[1:] for atom in body) for t in head[1:]):
            raise ValueError(f"unsafe: {head}")

    def matches(atoms, facts, env, used):
        if not atoms:
            yield env, used
            return
        atom = atoms[0]
        for fact in facts:
            if len(fact) != len(atom) or fact[0] != atom[0]:
                continue
            new = dict(env)
            if all(new.setdefault(t, c) == c if t.startswith("?") else t == c for t, c in zip(atom[1:], fact[1:])):
                yield from matches(atoms[1:], facts, new, [*used, fact])

    known, proof = set(facts), {}
    while True:
        found = {}
        for i, (head, body) in enumerate(rules):
            for env, used in matches(body, known, {}, []):
                fact = (head[0], *(env.get(t, t) for t in head[1:]))
                if fact not in known:
                    found.setdefault(fact, (i, used))
        if not found:
            return known, proof
        proof |= found
        known |= set(found)
