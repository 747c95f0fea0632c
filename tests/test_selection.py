"""`make test ARGS="-k 14-kv-cache"` runs all that concerns one section, and nothing else."""

import re
import subprocess
import sys

from grader.section.load import names
from tests.conftest import ROOT

CONCERN = {"test_the_section_is_proven", "test_the_reference_runs_clean", "test_both_are_built", "test_asserts_carry_messages",
           "test_graded_cells_of_the_release_say_what_is_unwritten", "test_every_section_has_claims_with_sources"}


def test_a_section_s_name_selects_its_tests_and_no_others():
    pytest = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    done = subprocess.run([*pytest, ROOT], capture_output=True, text=True, cwd=ROOT)
    everything = set(re.findall(r"^\S+::.*", done.stdout, re.M))
    assert everything, done.stdout + done.stderr
    chosen = {name: {test for test in everything if name in test} for name in names(ROOT)}  # as `-k` does
    for name, tests in chosen.items():
        for test in tests:
            path, _, rest = test.partition("::")
            assert path.startswith(f"source/{name}/") or re.search(rf"\[(source/)?{name}(/claims.md)?\]", rest), test
        files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "source" / name).glob("test_*.py")}
        assert files <= {test.partition("::")[0] for test in tests}
        assert {f for f in CONCERN if any(f in t for t in tests)} == CONCERN, name
