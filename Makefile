# Sets up, runs, tests and documents Peil on a machine that has python3 (3.11 or newer) and make.
#
#   make demo    a finished report about a simulated contact centre
#   make test    every test, those on Spark (needs Java 17) and in a browser (needs Chromium) included; JOBS=2 at a time
#   make check   style, types, layers and documentation
#   make prove   published figures, laws and simulated worlds, one line each
#   make bench   the benchmarks
#   make docs    the documentation, in docs/_build/html
#   make lock    the lock files anew from pyproject.toml; UPGRADE=--upgrade takes newer versions
#   make clean   takes away what the others made

PYTHON ?= python3
JOBS ?= 2
TEST_FLAGS ?=
BENCH_FLAGS ?=
UPGRADE ?=

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install -qq --no-compile
SAY := @printf 'peil: %s\n'
LOCK := $(BIN)/pip-compile --quiet --no-config --generate-hashes --allow-unsafe --strip-extras --no-header --no-emit-options $(UPGRADE)

.PHONY: help demo test check style format types layers prove bench docs lock clean
.DELETE_ON_ERROR:
.NOTPARALLEL:

help:
	@sed -n 's/^#   //p' Makefile

demo: .venv/peil
	@$(BIN)/peil demo

# The matrices are small: threads of OpenBLAS wait for one another there, and two tests at a time fill two cores.
test prove: export OPENBLAS_NUM_THREADS = 1
test prove: export OMP_NUM_THREADS = 1

test: .venv/peil .venv/dev
	$(SAY) 'runs the tests'
	@$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(TEST_FLAGS)

prove: .venv/peil .venv/dev
	$(SAY) 'holds its figures against published ones, laws and simulated worlds'
	@$(BIN)/python -m pytest -vv tests/published tests/laws tests/methods tests/worlds $(TEST_FLAGS)
	$(SAY) 'draws the simulations that the pages on intervals print'
	@$(BIN)/python benchmarks/interval_coverage.py
	@$(BIN)/python benchmarks/planted.py
	@$(BIN)/python benchmarks/calibrated_coverage.py
	@$(BIN)/python benchmarks/nonresponse.py
	@$(BIN)/python benchmarks/small_cells.py
	@$(BIN)/python benchmarks/scale_intervals.py
	@$(BIN)/python benchmarks/growth.py
	@$(BIN)/python benchmarks/perception.py
	@$(BIN)/python benchmarks/forecasts.py
	@$(BIN)/python benchmarks/trials.py
	@$(BIN)/python benchmarks/linkage_error.py
	@$(BIN)/python benchmarks/time_as_currency.py
	@$(BIN)/python benchmarks/automation.py
	@$(BIN)/python benchmarks/home_working.py
	@$(BIN)/python benchmarks/staff_methods.py
	@$(BIN)/python benchmarks/staff_first.py
	@$(BIN)/python benchmarks/breaks.py
	@$(BIN)/python benchmarks/counterfactuals.py
	@$(BIN)/python benchmarks/trend_break.py
	@$(BIN)/python benchmarks/dose.py

bench: .venv/peil .venv/dev
	$(SAY) 'measures speed and memory beside its peers, into benchmarks/results*.md (an hour or so; --small: a few minutes)'
	@$(BIN)/python benchmarks/run.py $(BENCH_FLAGS)
	@$(BIN)/python benchmarks/surveys.py $(filter --small,$(BENCH_FLAGS))
	@$(BIN)/python benchmarks/journeys.py
	@$(BIN)/python benchmarks/linking.py
	@$(BIN)/python benchmarks/lookup.py
	@$(BIN)/python benchmarks/patience.py
	@$(BIN)/python benchmarks/mixed.py

check: style format types layers docs
	$(SAY) 'all checks passed'

style: .venv/dev
	$(SAY) 'checks style'
	@$(BIN)/ruff check --quiet --output-format concise .

format: .venv/dev
	$(SAY) 'checks formatting'
	@$(BIN)/ruff format --check --quiet --output-format concise .

types: .venv/peil .venv/dev
	$(SAY) 'checks types'
	@$(BIN)/mypy --no-error-summary

layers: .venv/peil .venv/dev
	$(SAY) 'checks what imports what'
	@said=$$($(BIN)/lint-imports --no-logo 2>&1) || { printf '%s\n' "$$said"; exit 1; }

docs: .venv/peil .venv/dev
	$(SAY) 'builds docs/_build/html'
	@$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --builder html docs docs/_build/html

# The local wheels and extra indexes that a machine may be set up with are kept out of the locks.
lock: .venv/dev
	$(SAY) 'locks the core'
	@PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= $(LOCK) --extra build --output-file requirements.lock pyproject.toml
	$(SAY) 'locks everything'
	@PIP_CONFIG_FILE=/dev/null PIP_FIND_LINKS= PIP_EXTRA_INDEX_URL= $(LOCK) --all-extras --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

clean:
	@rm -rf .venv docs/_build docs/reference/measures docs/reference/configuration.md docs/reference/command-line.md docs/reference/tables.md .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find src tests benchmarks docs -name __pycache__ -type d -prune -exec rm -rf {} +
	$(SAY) 'clean'

# Each stamp stands for a finished step; one that was cut short is done again.
.venv/made:
	@command -v $(PYTHON) >/dev/null || { echo 'peil: there is no $(PYTHON); install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "peil: needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) -V 2>&1); name a newer one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo 'peil: this Python cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv' >&2; exit 1; }
	$(SAY) 'makes .venv'
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/core: requirements.lock .venv/made
	$(SAY) 'installs what Peil runs on'
	@$(PIP) --require-hashes --no-build-isolation -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock .venv/core
	$(SAY) 'installs Spark and the tools for tests and documentation (some minutes the first time)'
	@$(PIP) --require-hashes --no-build-isolation -r requirements-dev.lock
	@touch $@

.venv/peil: pyproject.toml .venv/core
	$(SAY) 'installs Peil'
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@
