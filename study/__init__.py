"""The learner's side, on top of the judge.

    cli.py         the commands: `course check`, `progress`, `hint`, `solution`, `cards`, …
    lab.py         `make lab`: JupyterLab on a workspace that is ready
    server.py      what JupyterLab asks while one works in it; labextensions/ is what asks: buttons under stubs, the panel
    desk.py        what a learner can ask for, however it is shown: verdict, hint, solution, empty stub, the map
    workspace.py   where a learner's things are
    exchange.py    from what is built to a learner's folder, through nbgrader's exchange
    outline.py     a section as its release shows it: quick to read
    check.py       a full verdict on one notebook
    standby.py     the judge that stays ready between two checks
    events.py      what a learner did, line by line: the truth from which the next two are read
    progress.py    what became of each exercise
    repetition.py readiness.py   when cards and exercises come back, what one will know on a day
    submission.py  handing in: what changed, a receipt
    interview.py   a mock interview: what to ask, the report; conversation.py holds it on a terminal
    folds.py       hints and cards as read from a notebook
"""

import time

STARTED = time.monotonic()  # before everything else is imported: who waits counts that too
