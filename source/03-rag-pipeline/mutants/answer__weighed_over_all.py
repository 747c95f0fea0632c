"""The search is filtered, but words are weighed over all documents."""
from collections.abc import Callable, Sequence


def answer(question: str, documents: Sequence[dict], reader: str, terms: Callable[[str], list[str]],
           weigh: Callable[[list[list[str]]], list[dict[str, float]]], write: Callable[[str], str],
           size: int = 40, overlap: int = 10, k: int = 8, budget: int = 120) -> dict:
    texts, owners = [], []
    for document in documents:
        words = document["text"].split()
        texts += [" ".join(words[a:b]) for a, b in chunk(len(words), size, overlap)]
        owners += [document["id"]] * (len(texts) - len(owners))
    index = InvertedIndex()
    for i, weights in enumerate(weigh([terms(text) for text in texts]) if texts else []):
        index.add(i, weights)
    mine = {d["id"] for d in documents if reader in d["readers"]}
    hits = index.search(terms(question), k, [i for i, owner in enumerate(owners) if owner in mine])
    packed = pack_context([(score, len(texts[i].split())) for i, score in hits], budget, 1, "edges")
    if not packed:
        return {"text": ABSTAIN, "sources": [], "problems": []}
    numbers_of = [hits[p][0] for p in packed]
    passages = [texts[i] for i in numbers_of]
    text = write(grounded_prompt(question, passages))
    report = check_citations(text, passages)
    return {"text": text, "sources": list(dict.fromkeys(owners[numbers_of[n - 1]] for n in report["cited"])),
            "problems": [p for p in ("unknown", "uncited", "unsupported") if report[p]]}
