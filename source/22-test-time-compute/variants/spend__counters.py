"""Counts in place of lists, one record a question."""


def spend(sample, verify, priors: list[tuple[float, float]], total: int, cap: int, confirm: int = 1) -> dict:
    records = [{"all": [], "good": [], "done": False, "answer": None} for _ in priors]
    while total > 0:
        best, best_mean = None, -1.0
        for q, (record, (a, b)) in enumerate(zip(records, priors)):
            if record["done"] or len(record["all"]) >= cap:
                continue
            mean = (a + len(record["good"])) / (a + b + len(record["all"]))
            if mean > best_mean:
                best, best_mean = q, mean
        if best is None:
            break
        total -= 1
        record, answer = records[best], sample(best)
        record["all"].append(answer)
        if answer is None or not verify(best, answer):
            continue
        record["good"].append(answer)
        if sum(1 for x in record["good"] if x == answer) == confirm:
            record["done"], record["answer"] = True, answer
    for record in records:
        if not record["done"]:
            record["answer"] = majority_vote(record["good"] if record["good"] else record["all"])[0]
    return {"answers": [r["answer"] for r in records], "accepted": [r["done"] for r in records],
            "draws": [len(r["all"]) for r in records]}
