"""timed: rounds with sets of new facts, no index but by predicate; proofs with tuples."""


def forward_chain(facts, rules):
    for head, body in rules:
        for t in head[1:]:
            if t.startswith("?") and not any(t in atom[1:] for atom in body):
                raise ValueError(head)
    everything, proof = set(facts), {}
    new = set(facts)
    for i, (head, body) in enumerate(rules):
        if not body and head not in everything:
            everything.add(head)
            new.add(head)
            proof[head] = (i, ())
    while new:
        fresh = {}
        for i, (head, body) in enumerate(rules):
            for j in range(len(body)):
                states = [({}, ())]
                order = [j] + [k for k in range(len(body)) if k != j]
                for k in order:
                    atom = body[k]
                    pool = [f for f in (new if k == j else everything) if f[0] == atom[0] and len(f) == len(atom)]
                    after = []
                    for env, used in states:
                        for f in pool:
                            e = env.copy()
                            for t, c in zip(atom[1:], f[1:]):
                                if t.startswith("?"):
                                    if e.setdefault(t, c) != c:
                                        break
                                elif t != c:
                                    break
                            else:
                                after.append((e, used + ((k, f),)))
                    states = after
                for env, used in states:
                    fact = (head[0],) + tuple(env.get(t, t) for t in head[1:])
                    if fact not in everything and fact not in fresh:
                        fresh[fact] = (i, tuple(f for _, f in sorted(used)))
        proof.update(fresh)
        everything |= set(fresh)
        new = set(fresh)
    return everything, proof
