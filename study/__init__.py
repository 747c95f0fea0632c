"""The learner's side, on top of the judge.

    cli.py         `course check`, `progress`, `hint`, `solution`, `cards`
    lab.py         `make lab`: JupyterLab on a workspace that is ready
    workspace.py   where a learner's things are
    exchange.py    from what is built to a learner's folder, through nbgrader's exchange
    outline.py     a section as its release shows it: quick to read
    check.py       a full verdict on one notebook
    standby.py     the judge that stays ready between two checks
    progress.py cards.py folds.py   what is remembered, repetition, hints and cards as read from a notebook
"""

import time

STARTED = time.monotonic()  # before everything else is imported: who waits counts that too
