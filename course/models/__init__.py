"""Small models that notebooks run, and the sizes of large ones.

    transformer.py   a decoder-only transformer with an optional KV cache, for toys and for SmolLM2
    linears.py       the same as a plain function of its weights, whose linear layers the caller may replace
    rounding.py      symmetric rounding of a matrix to a few bits, and back
    smollm.py        SmolLM2-135M-Instruct: a real language model and its tokenizer, offline
    language.py      what one does with a language model: generate, score, read and steer
    gguf.py          the file format in which its weights come
    markov.py        a chain whose every conditional is known: an exact mask predictor
    ngram.py         counts of words, for decoding on real English
    policy.py        a policy that learns preferences in seconds
    embeddings.py    all-MiniLM-L6-v2: sentence vectors, offline
    ranks.py         N ranks of one program in a single process, for collectives that cannot hang
    processes.py     the same programs in real processes, over gloo
    shapes.py        the sizes that make an architecture, of models that everybody knows, each with its source
    sizes.py         parameters and layers of known models, memory and bandwidth of GPUs
"""
