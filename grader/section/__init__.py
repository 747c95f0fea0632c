"""What a section is.

    model.py     one folder under `source/` as an object
    cells.py     kinds, ids and tags of cells, and the names that their code defines
    load.py      find the sections of the course and read them
    lint.py      what a source must keep to
    build.py     from the `.py` to the source and the release notebook
    release.py   the last touch on a notebook before learners get it
    new.py       the skeleton of a new one
"""
