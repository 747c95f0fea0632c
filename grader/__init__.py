"""How work is judged: the sandbox, the judge, the timed duel, the build, the proof, and the nbgrader plug-ins."""
