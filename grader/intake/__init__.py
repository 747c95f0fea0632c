"""Any notebook, however damaged, to cells.

    submissions.py   find the notebook in what was handed in, and read it once
    notebook.py      bytes, text, JSON: to plain cells
    repair.py        put the cells right by grade_id, and plan the steps of judging
    text.py          text from anywhere, fit to be shown
"""
