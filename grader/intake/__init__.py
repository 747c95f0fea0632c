"""Any notebook, however damaged, to cells.

    submissions.py   find the notebook in what was handed in, and read it once
    notebook.py      bytes, text, JSON: to plain cells
    given.py         what is still as it was given out
    repair.py        put the cells right by grade_id, and plan the steps of judging
    scratch.py       which of a learner's own cells nothing judged stands on
    text.py          text from anywhere, fit to be shown
"""
