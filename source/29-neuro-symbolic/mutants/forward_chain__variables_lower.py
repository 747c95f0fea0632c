"""Variables are taken in lower case: ?x and ?X are one."""


def forward_chain(facts, rules):
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
            if all(new.setdefault(t.lower(), c) == c if t.startswith("?") else t == c for t, c in zip(atom[1:], fact[1:])):
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
                    fact = (head[0], *(env.get(t.lower(), t) for t in head[1:]))
                    if fact not in known:
                        found.setdefault(fact, (i, used))
        proof |= found
        known |= set(found)
        old, delta = every, by_name(found)
    return known, proof
