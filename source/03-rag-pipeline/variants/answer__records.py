"""One list of records instead of three."""


def answer(question, documents, reader, terms, weigh, write, size=40, overlap=10, k=8, budget=120):
    chunks = []
    for d in [d for d in documents if any(reader == r for r in d["readers"])]:
        tokens = d["text"].split()
        for start, end in chunk(len(tokens), size, overlap):
            chunks.append((d["id"], tokens[start:end]))
    nothing = dict(text=ABSTAIN, sources=[], problems=[])
    if not chunks:
        return nothing
    index = InvertedIndex()
    for number, weights in enumerate(weigh([terms(" ".join(tokens)) for _, tokens in chunks])):
        index.add(number, weights)
    found = [(chunks[number], score) for number, score in index.search(terms(question), k)]
    order = pack_context([(score, len(tokens)) for (_, tokens), score in found], budget, separator=1)
    shown = [found[place][0] for place in order]
    if not shown:
        return nothing
    said = write(grounded_prompt(question, [" ".join(tokens) for _, tokens in shown]))
    report, sources = check_citations(said, [" ".join(tokens) for _, tokens in shown]), []
    for n in report.pop("cited"):
        if shown[n - 1][0] not in sources:
            sources.append(shown[n - 1][0])
    return dict(text=said, sources=sources, problems=[name for name, where in report.items() if where])
