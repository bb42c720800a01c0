PYTHON ?= python3.11
WORKERS ?= 2

venv := .venv
bin := $(venv)/bin
created := $(venv)/.created
installed := $(venv)/.installed
installed_dev := $(venv)/.installed-dev
installed_docs := $(venv)/.installed-docs

# Workers of the tests share the cores, and benchmarks compare single threads.
test test-matrix fuzz docs bench: export OPENBLAS_NUM_THREADS := 1
test test-matrix fuzz docs bench: export OMP_NUM_THREADS := 1
test test-matrix fuzz docs bench: export MKL_NUM_THREADS := 1
test test-matrix fuzz docs bench: export NUMBA_NUM_THREADS := 1

.DELETE_ON_ERROR:
.PHONY: help quickstart test test-matrix fuzz docs format bench clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-12s %s\n", $$1, $$2 }' Makefile

quickstart: $(installed) ## run the first example on real data
	$(bin)/python examples/plot_quickstart.py

test: $(installed_dev) ## run every check, up to the first that fails
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/mypy
	$(bin)/lint-imports
	$(bin)/pytest -n $(WORKERS)

fuzz: $(installed_dev) ## try hostile input and faults for long, at random
	SKREGNET_FUZZ=long $(bin)/pytest -n $(WORKERS) tests/reliability

test-matrix: ## test the oldest and newest releases on all Pythons there are
	$(PYTHON) tools/test_matrix.py

docs: $(installed_docs) ## run all examples and build docs/_build/html
	$(bin)/sphinx-build -W --keep-going -q -b html docs docs/_build/html

format: $(installed_dev) ## format the code and fix what ruff can
	$(bin)/ruff check --fix
	$(bin)/ruff format

bench: $(installed_dev) ## run all benchmarks and write docs/benchmarks
	$(bin)/python -m pip install --quiet --editable '.[bench]'
	$(bin)/python benchmarks/report.py

clean: ## remove the environment and all that was generated
	rm -rf $(venv) .venvs build dist docs/_build docs/auto_examples docs/generated
	rm -rf .hypothesis .import_linter_cache .mypy_cache
	rm -rf .pytest_cache .ruff_cache
	find skregnet tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +

$(created):
	$(PYTHON) -m venv $(venv)
	touch $@

$(installed): pyproject.toml | $(created)
	$(bin)/python -m pip install --quiet --editable '.[plot]'
	touch $@

$(installed_dev): pyproject.toml | $(created)
	$(bin)/python -m pip install --quiet --editable '.[dev,fast,onnx,plot]'
	touch $(installed) $@

$(installed_docs): pyproject.toml | $(created)
	$(bin)/python -m pip install --quiet --editable '.[docs,fast,onnx,plot]'
	touch $(installed) $@
