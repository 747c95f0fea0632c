"""How work is judged, room by room; each stands on those above it.

    place.py errors.py   where things are, and what can go wrong for a person
    maths.py             formulas without a network
    section/             what a section is: read, lint, build
    sandbox/             the child that runs a learner's code, and the wall around it
    intake/              any notebook, however damaged, to cells
    judge/               one submission, cell by cell, to verdicts
    pool/                many at once: local processes, a cluster
    classroom/           nbgrader's books: grades, judged notebooks, feedback, the exchange

    cases.py             wrong and further right solutions of a section
    prove.py mutate.py real.py ledger.py claims.py glossary.py demo.py cli.py version.py   what people run
"""
