"""A document without readers is for everybody."""


def answer(question, documents, reader, terms, weigh, write, size=40, overlap=10, k=8, budget=120):
    texts, owner = [], []
    for document in documents:
        if document["readers"] and reader not in document["readers"]:
            continue
        words = document["text"].split()
        for a, b in chunk(len(words), size, overlap):
            texts.append(" ".join(words[a:b]))
            owner.append(document["id"])
    nothing = {"text": ABSTAIN, "sources": [], "problems": []}
    if not texts:
        return nothing
    index = InvertedIndex()
    for i, weights in enumerate(weigh([terms(text) for text in texts])):
        index.add(i, weights)
    hits = index.search(terms(question), k)
    packed = pack_context([(score, len(texts[i].split())) for i, score in hits], budget, 1, "edges")
    if not packed:
        return nothing
    numbers_of = [hits[p][0] for p in packed]
    passages = [texts[i] for i in numbers_of]
    text = write(grounded_prompt(question, passages))
    report = check_citations(text, passages)
    sources = []
    for n in report["cited"]:
        if owner[numbers_of[n - 1]] not in sources:
            sources.append(owner[numbers_of[n - 1]])
    problems = [key for key in ("unknown", "uncited", "unsupported") if report[key]]
    return {"text": text, "sources": sources, "problems": problems}
