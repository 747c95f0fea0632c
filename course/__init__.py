"""What a notebook of the course imports, and nothing else.

    check.py duel.py        the graded side: the checks that graded cells are written with
    comparing.py            how two values differ, in words
    models/ data/           small models, corpora, and their loaders
    figures.py sections/    the shown side: pictures and widgets
"""
