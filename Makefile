# Four verbs: run, test, check, fix. And demo, bench, doctor. Each sets up what it needs, quietly.

PYTHON ?= python3
BIN := .venv/bin

.PHONY: run demo doctor test check lint fix bench clean

run: .venv/ready  ## Set up and serve on PORT (8080), in the sandbox if nothing is configured
	@$(BIN)/python main.py serve

demo: .venv/ready  ## Make one story with its picture in the sandbox, and end
	@SANDBOX=on $(BIN)/python main.py demo

doctor: .venv/ready  ## Check every configured service, without paying
	@$(BIN)/python main.py doctor

test: .venv/ready-dev  ## Run all tests
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

check: .venv/ready-dev lint test  ## Lint, types, layers and tests

lint: .venv/ready-dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy .
	@$(BIN)/lint-imports

fix: .venv/ready-dev  ## Format and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: .venv/ready-bench  ## Measure the main job against three other designs, background jobs, books, and adventures
	@$(BIN)/python -m bench
	@$(BIN)/python -m bench.jobs
	@$(BIN)/python -m bench.books
	@$(BIN)/python -m bench.adventures

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Storyfarm needs Python 3.11 or later.")'
	@$(PYTHON) -m venv .venv

.venv/ready: requirements.txt .venv/bin/python
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

.venv/ready-bench: bench/requirements.txt .venv/ready
	@$(BIN)/pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	@touch $@
