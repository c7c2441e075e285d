# Every target sets itself up: CPython 3.11 or newer, Node 20 or newer and make are all a machine needs.
PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv
# Only what a lock names by its hash, and no source: building one runs its code and fetches what it builds with.
WHEELS := --only-binary :all:
PIP := $(UV) pip install --quiet --require-hashes
export PYTHONDONTWRITEBYTECODE = 1

.DEFAULT_GOAL := help
.PHONY: help setup demo chaos burst mutants rivals fuzz test quick nightly lint lock update audit bom release previous clean

help: ## what can be done here
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: .venv/.done .venv/bin/cdr .venv-emulator/.done .venv-runtime/.done node_modules/.done ## the environments, from the locks

demo: setup ## deploy onto a cloud on loopback, export both simulated vendors, query, compare with the truth
	@$(BIN)/python -m local demo

chaos: setup ## the demo while copiers are killed, answers lost, schedules missed and vendors down
	@$(BIN)/python -m local chaos

burst: setup ## 10,000 forged callbacks mixed with 100 true ones: what is copied, what is touched, what it costs
	@$(BIN)/python -m local burst

mutants: setup ## take each grant of the template away in turn, drive all traffic, write what was noticed to docs/iam.md
	@$(BIN)/python -m local.mutants --write

rivals: setup .venv-rivals/.done ## what benchmarks/copy measures the copier against

fuzz: setup .venv-fuzz/.done ## the coverage-guided fuzzers, three minutes each (docs/fuzzing.md)
	@$(BIN)/python -m tests.fuzz

test: setup lint ## everything, the deployed stack on the emulated cloud too
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile

quick: setup lint ## the tests that need no emulated cloud
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "not cloud and not nightly"

nightly: setup ## what is slow and exhaustive: tests that the others leave out
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m nightly

lint: setup ## ruff and the strict type checker
	@$(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet && $(BIN)/mypy --no-error-summary

lock: .venv/.done ## choose newest versions within pyproject.toml's bounds, write them with hashes to locks/
	@for group in lambda copier deploy dev emulator runtime rivals fuzz; do \
	  $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --no-header --no-annotate \
	    --group $$group --output-file locks/$$group.txt; done
	@npm update --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund --silent

update: lock ## renew every package: lock, set up, audit, quick tests; then read the difference of the locks
	@$(MAKE) --no-print-directory setup audit quick

audit: .venv/.done ## what the registries and advisory services say today of what is locked
	@$(BIN)/python -m infra.audit

bom: setup ## a bill of materials for each bundle, and for the charts in a report: build/bom
	@$(BIN)/python -m infra.bom

release: ## what docs/releasing.md asks for before a tag: bundles made from nothing, audit, tests, bills
	@rm -rf build/bundles build/packages build/bom
	@$(MAKE) --no-print-directory audit test bom

previous: ## keep the sources of the release that is checked out, for the next one's test of the upgrade
	@rm -f tests/upgrade/v*.tar.gz
	@version=v$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml | head -1) && git archive --format=tar.gz \
	  --prefix=$$version/ -o tests/upgrade/$$version.tar.gz HEAD lambdas infra app.py cdk.json exports.toml pyproject.toml \
	  locks/lambda.txt locks/copier.txt

clean: ## remove what was built and installed
	rm -rf .venv .venv-emulator .venv-runtime .venv-rivals .venv-fuzz node_modules build cdk.out

# pip brings the locked uv, and uv all the rest, in seconds.
.venv/.done: locks/dev.txt
	@echo "setting up: the environment of the project" && $(PYTHON) -m venv .venv
	@grep -A1000 '^uv==' locks/dev.txt | sed '/^[a-z]/{/^uv==/!Q}' > .venv/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes $(WHEELS) -r .venv/uv.txt
	@$(UV) pip sync --quiet --require-hashes $(WHEELS) --python $(BIN)/python locks/dev.txt && touch $@

# The operator's command, from this very tree; uv builds it without fetching anything.
.venv/bin/cdr: pyproject.toml .venv/.done
	@$(UV) pip install --quiet --offline --no-deps --python $(BIN)/python --editable . && touch $@

.venv-emulator/.done: locks/emulator.txt .venv/.done
	@echo "setting up: the emulated cloud" && $(UV) venv --quiet --clear --python $(BIN)/python .venv-emulator
	@$(PIP) $(WHEELS) --compile-bytecode --python .venv-emulator/bin/python -r locks/emulator.txt && touch $@

# No wheel of awslambdaric is for a Mac: there, and there alone, it is built.
.venv-runtime/.done: locks/runtime.txt .venv/.done
	@echo "setting up: the Lambda runtime" && $(UV) venv --quiet --clear --python $(BIN)/python .venv-runtime
	@$(PIP) $(if $(filter Darwin,$(shell uname)),,$(WHEELS)) --compile-bytecode --python .venv-runtime/bin/python -r locks/runtime.txt && touch $@

.venv-rivals/.done: locks/rivals.txt .venv/.done
	@echo "setting up: what a user would pick instead" && $(UV) venv --quiet --clear --python $(BIN)/python .venv-rivals
	@$(PIP) $(WHEELS) --compile-bytecode --python .venv-rivals/bin/python -r locks/rivals.txt && touch $@

# Beside the project's own environment, and empty where no wheel of it is for this machine (pyproject.toml).
.venv-fuzz/.done: locks/fuzz.txt .venv/.done
	@echo "setting up: the fuzzer" && rm -rf .venv-fuzz && mkdir .venv-fuzz
	@$(PIP) $(WHEELS) --python $(BIN)/python --target .venv-fuzz -r locks/fuzz.txt && touch $@

node_modules/.done: package-lock.json
	@echo "setting up: the CDK command line, the charts" && npm ci --silent --ignore-scripts --no-audit --no-fund && touch $@
