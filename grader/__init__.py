"""How work is judged: the sandbox, the judge, the timed duel, the build, the proof, and the nbgrader plug-ins."""

import sys

# jsonschema (below nbformat) builds a grammar of international addresses at import: 1.5 s that every command would
# pay and nothing here needs. An import of None fails, and jsonschema goes on without it.
sys.modules.setdefault("rfc3987_syntax", None)
