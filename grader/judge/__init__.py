"""One submission, cell by cell, to verdicts. No learner's code ever runs here.

    bench.py      run the learner's cells over there and the graded cells here
    session.py    the conversation with a learner's process, which may die at any moment
    proxy.py      the learner's names as graded cells see them
    duel.py       timed checks: two children, one clock
    clock.py      how long a learner's process may still take
    verdict.py    what comes out, as data
    key.py        by what a kept verdict is believed
"""
