# The tasks of this repository. `make` or `make help` lists them.
# Needs python3 (3.11 or newer), make and git; everything else goes into .venv.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
NODE_READY := node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-parts test-postgres lint format docs pictures screenshots clean

help:  ## List the tasks
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## Make .venv with pinned packages, and get WordNet 3.0
	@$(BIN)/synsetlab wordnet install

demo: setup  ## Build the demo workspace and serve it: prints one URL to open
	@test -f demo-workspace/synsetlab.toml || $(BIN)/synsetlab demo demo-workspace
	@$(BIN)/synsetlab serve demo-workspace --as you

test: test-parts  ## Run everything that can run here, and name what was skipped and why
	@tests/run

test-postgres: test-parts  ## Run everything but the browser's tests again, with workspaces on PostgreSQL
	@tests/run postgresql

# What is absent is no error here: the tests that want it are skipped by name, or fail where CI is set.
test-parts: $(READY)
	@$(BIN)/synsetlab wordnet install || echo "WordNet 3.0 could not be installed." >&2
	@$(MAKE) --no-print-directory $(NODE_READY) || echo "The ES modules cannot be checked." >&2

lint: $(READY)  ## Only the style and type checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	@if test -x node_modules/.bin/tsc; then node_modules/.bin/tsc --noEmit; \
	else echo "tsc is not installed (npm ci): the ES modules were not checked."; fi

format: $(READY)  ## Let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(READY)  ## Write the command reference in docs/cli.md anew
	$(BIN)/python docs/make_cli.py

pictures: $(READY)  ## Make the pictures of the docs with the product itself
	$(BIN)/python docs/make_pictures.py

screenshots: $(READY)  ## Take every page at three widths, light and dark, into docs/screenshots
	$(BIN)/python docs/make_screenshots.py

clean:  ## Remove .venv, node_modules and caches; WordNet and workspaces stay
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

# The stamp is written last, so an interrupted installation is taken up again.
$(READY): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "No $(PYTHON) on this machine. Install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "synsetlab needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1)." >&2; \
	  echo "Name another one: make PYTHON=python3.12 setup" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) comes without venv or ensurepip. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@echo "Installing into .venv (a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables setuptools
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  --no-build-isolation -e '.[dev,postgres]'
	@touch $@

# Node.js is for checking the ES modules only; the product never needs it.
$(NODE_READY): package-lock.json
	@command -v npm >/dev/null || { echo "There is no npm here." >&2; exit 1; }
	@npm ci --loglevel=error --no-audit --no-fund
	@touch $@
