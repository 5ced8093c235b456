# Everything below sets itself up: Python 3.11 or newer, make, and a package registry are all it needs.
# Names in .venv/.ready-* are stamps: their targets are skipped until a lock file or pyproject.toml changes.

PYTHON ?= $(shell for p in python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$p" && break; done)
BIN := .venv/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
SRC := src tests bench
# The development environment holds all that a run needs, so a demo after `make test` installs nothing.
RUN := $(if $(wildcard .venv/.ready-dev),.venv/.ready-dev,.venv/.ready-run)

.DEFAULT_GOAL := help
.PHONY: help demo test check fix docs bench migration lock clean

help:
	@sed -n 's/^\([a-z]*\):.*## /make \1|/p' Makefile | while IFS='|' read -r name text; do printf '  %-16s %s\n' "$$name" "$$text"; done

demo: $(RUN) ## a simulated tenant, read through OAuth and Graph, and its licence position (ONCE=1: then stop)
	@STOCKTAKE_HOME="$(CURDIR)/.demo" $(BIN)/stocktake demo $(if $(ONCE),--once) $(ARGS)

test: .venv/.ready-dev ## the tests, as many at once as there are cores (ARGS="tests/stocktake -k name")
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
# The browser's tests run by themselves: Playwright leaves an event loop in its process, which the others can't do with.
	$(PY) -m pytest --numprocesses auto --dist worksteal --ignore tests/browser
	$(PY) -m pytest tests/browser
endif

check: .venv/.ready-dev ## format, lint, types, layers, budgets
	$(PY) -m ruff format --check $(wildcard $(SRC))
	$(PY) -m ruff check $(wildcard $(SRC))
	$(PY) -m mypy
	$(BIN)/lint-imports --no-cache
	$(PY) -m pytest tests/test_budgets.py

fix: .venv/.ready-dev ## format, and mend what the linter can mend
	$(PY) -m ruff format $(wildcard $(SRC))
	$(PY) -m ruff check --fix $(wildcard $(SRC))

docs: .venv/.ready-dev ## run the code of the documents, and take their pictures anew
	STOCKTAKE_TEST_PICTURES=1 $(PY) -m pytest tests/test_repository.py tests/docs tests/browser/test_guide.py tests/browser/test_pictures.py $(ARGS)

bench: .venv/.ready-dev ## the figures of the README, as ratios
	$(PY) -m bench $(ARGS)

migration: .venv/.ready-dev ## write the migration from the newest schema to the records (M="add licence reports")
	$(PY) -m stocktake.store.migrate "$(M)"

lock: .venv/.ready-dev ## resolve the dependencies anew into requirements/ (ARGS=--upgrade for newer ones)
	$(PY) -m uv pip compile pyproject.toml --group setup --output-file requirements/run.txt $(LOCK) $(ARGS)
	$(PY) -m uv pip compile pyproject.toml --group setup --group dev --output-file requirements/dev.txt $(LOCK) $(ARGS)

# No address of a registry in the locks: the hashes say what is to be installed, the machine says from where.
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	--no-emit-index-url --no-emit-find-links

clean: ## remove what the targets made, but for the environment in .venv
	rm -rf .demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.ready-venv:
	@test -n "$(PYTHON)" || { echo 'make: Python 3.11 or newer is needed: install it, or call make PYTHON=/path/to/python3.11' >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	@touch $@

.venv/.ready-%: requirements/%.txt pyproject.toml .venv/.ready-venv
	@echo 'Installing $< into .venv: about a minute the first time.'
	@$(PIP) install --require-hashes -r $<
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@
