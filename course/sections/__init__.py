"""The shown side: one module a section with its pictures, the frame of its experiment, and its `widget()`.

A module is called like its section without the number: `kv_cache.py` belongs to 14-kv-cache. Nothing here decides a
grade: no setup, stub or graded cell imports it, the sandbox does not have it, and an edit here grades nobody again.
A notebook calls one function for each picture, with the learner's functions as arguments.
"""

from .. import figures

figures.style()
