# Every target sets itself up: CPython 3.11 or newer, Node 20 or newer and make are all a machine needs.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
PIP := $(UV) pip install --quiet --require-hashes
export PYTHONDONTWRITEBYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo chaos rivals test quick lint lock clean

help: ## what can be done here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.done .venv/bin/cdr .venv-emulator/.done .venv-runtime/.done node_modules/.done ## the environments, from the locks

demo: setup ## deploy onto a cloud on loopback, export both simulated vendors, query, compare with the truth
	@$(BIN)/python -m local demo

chaos: setup ## the demo while copiers are killed, answers lost, schedules missed and vendors down
	@$(BIN)/python -m local chaos

rivals: setup .venv-rivals/.done ## what benchmarks/copy measures the copier against

test: setup lint ## everything, the deployed stack on the emulated cloud too
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile

quick: setup lint ## the tests that need no emulated cloud
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not cloud"

lint: setup ## ruff and the strict type checker
	@$(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet && $(BIN)/mypy --no-error-summary

lock: .venv/.done ## choose newest versions within pyproject.toml's bounds, write them with hashes to locks/
	@for group in lambda copier deploy dev emulator runtime rivals; do \
	  $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header --no-annotate \
	    --group $$group --output-file locks/$$group.txt; done

clean: ## remove what was built and installed
	rm -rf .venv .venv-emulator .venv-runtime .venv-rivals node_modules build cdk.out

# pip brings the locked uv, and uv all the rest, in seconds.
.venv/.done: locks/dev.txt
	@echo "setting up: the environment of the project" && $(PYTHON) -m venv .venv
	@grep -A1000 '^uv==' locks/dev.txt | sed '/^[a-z]/{/^uv==/!Q}' > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	@$(UV) pip sync --quiet --require-hashes --python $(BIN)/python locks/dev.txt && touch $@

# The operator's command, from this very tree; uv builds it without fetching anything.
.venv/bin/cdr: pyproject.toml .venv/.done
	@$(UV) pip install --quiet --offline --no-deps --python $(BIN)/python --editable . && touch $@

.venv-emulator/.done: locks/emulator.txt .venv/.done
	@echo "setting up: the emulated cloud" && $(UV) venv --quiet --clear --python $(BIN)/python .venv-emulator
	@$(PIP) --compile-bytecode --python .venv-emulator/bin/python -r locks/emulator.txt && touch $@

.venv-runtime/.done: locks/runtime.txt .venv/.done
	@echo "setting up: the Lambda runtime" && $(UV) venv --quiet --clear --python $(BIN)/python .venv-runtime
	@$(PIP) --compile-bytecode --python .venv-runtime/bin/python -r locks/runtime.txt && touch $@

.venv-rivals/.done: locks/rivals.txt .venv/.done
	@echo "setting up: what a user would pick instead" && $(UV) venv --quiet --clear --python $(BIN)/python .venv-rivals
	@$(PIP) --compile-bytecode --python .venv-rivals/bin/python -r locks/rivals.txt && touch $@

node_modules/.done: package-lock.json
	@echo "setting up: the CDK command line, the charts" && npm ci --silent --no-audit --no-fund && touch $@
