"""What a section is.

    model.py     one folder under `source/` as an object
    cells.py     kinds, ids and tags of cells, and the names that their code defines
    load.py      find the sections of the course and read them
    lint.py      what a source must keep to
    build.py     from the `.py` to the source and the release notebook
    release.py   the last touch on a notebook on its way to learners
    links.py     mentions of other sections as links
    headers.py   cell headers as authors write them
    skeleton.py  the form that all sections share; house_rules.md is part of it
    new.py       a new one, from template/
"""
