# `make` lists what there is. Everything installs into .venv under constraints.txt.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

PEERS := tests/interop/peers
DAPP := examples/dapp

export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt

# What pytest makes of the test modules is kept for the next run, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE

# One worker more than there are processors: some tests wait.
WORKERS := $(shell echo $$(($$(nproc 2>/dev/null || sysctl -n hw.ncpu) + 1)))
TESTS := $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --ignore tests/interop

.PHONY: help demo dapp test test-all interop fuzz lint lock audit bench model completions dist clean

help:
	@echo "make demo         install and run the tour in a throwaway wallet"
	@echo "make dapp         install the libraries of the example page (npm)"
	@echo "make test         install, lint, type-check and run the tests but the slow ones (PYTEST_ARGS=… for pytest)"
	@echo "make test-all     the same with the slow tests, more examples of every property, and the coverage"
	@echo "make interop      install other implementations (npm) and test against them"
	@echo "make fuzz         a million inputs into every parser (INPUTS=N for another number)"
	@echo "make lint         ruff and mypy alone"
	@echo "make lock         write the locks with hashes anew, from pyproject.toml and constraints.txt"
	@echo "make audit        ask the advisory database about all that is locked (needs the network)"
	@echo "make bench        print the benchmarks"
	@echo "make model        compile the default model into the package, from its pinned weights"
	@echo "make completions  write the shell completions"
	@echo "make dist         build the wheel and the sdist"
	@echo "make clean        remove what was built and installed"

.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) install --quiet --upgrade pip
	$(PIP) install --quiet --editable '.[profile]'
	touch $@

.venv/tools: .venv/installed
	$(PIP) install --quiet --group build --group test --editable '.[models]'
	touch $@

demo: .venv/installed
	PATH="$(CURDIR)/$(BIN):$$PATH" bash examples/tour.sh

lint: .venv/tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Where the tests' wallets lie: in memory where there is room, as half of the time is waiting for a disk.
ROOMY := $(shell test "$$(df -k --output=avail /dev/shm 2>/dev/null | tail -1)" -gt 8000000 2>/dev/null && echo /dev/shm)

# Run tests with lint beside them; fails where either does.
define beside_lint
@folder=$$(mktemp -d $(ROOMY:%=-p %)); trap 'rm -rf "$$folder"' EXIT; \
$(MAKE) --no-print-directory lint > .venv/lint.log 2>&1 & lint=$$!; \
$(1) --basetemp "$$folder/tests" $(PYTEST_ARGS); tests=$$?; \
wait $$lint; lint=$$?; cat .venv/lint.log; \
exit $$((tests || lint))
endef

# The libraries of the example page, where there is npm; its tests skip by name without.
dapp:
	@if command -v npm >/dev/null && ! cmp -s $(DAPP)/package-lock.json $(DAPP)/node_modules/.installed; then \
	cd $(DAPP) && npm ci --silent && cp package-lock.json node_modules/.installed; fi || true

test: .venv/tools dapp
	$(call beside_lint,$(TESTS) -m 'not slow')

test-all: .venv/tools dapp
	$(call beside_lint,$(TESTS) --hypothesis-profile=thorough --cov --cov-report=term:skip-covered)

$(PEERS)/node_modules/.package-lock.json: $(PEERS)/package.json $(PEERS)/package-lock.json
	cd $(PEERS) && npm ci --silent
	touch $@

interop: .venv/tools $(PEERS)/node_modules/.package-lock.json
	$(BIN)/python -m pytest -n auto --dist loadfile tests/interop $(PYTEST_ARGS)

.venv/fuzzer: .venv/tools
	$(PIP) install --quiet --group fuzz
	touch $@

.venv/locker: .venv/tools
	$(PIP) install --quiet --group lock
	touch $@

# Versions are those of constraints.txt; hashes are of every file of each version, for all systems.
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header \
	--no-emit-index-url

lock: .venv/locker
	$(LOCK) --constraint constraints.txt pyproject.toml --output-file requirements.lock
	$(LOCK) --constraint constraints.txt pyproject.toml --extra profile --output-file requirements-profile.lock
	$(LOCK) --constraint constraints.txt pyproject.toml --extra models --output-file requirements-models.lock
	$(LOCK) --constraint constraints.txt --group build --output-file requirements-build.lock

.venv/auditor: .venv/tools
	$(PIP) install --quiet --group audit
	touch $@

# --strict: fail where a package could not be asked about.
audit: .venv/auditor
	for lock in requirements.lock requirements-profile.lock requirements-models.lock requirements-build.lock; do \
		$(BIN)/pip-audit --strict --disable-pip --require-hashes --requirement $$lock || failed=1; \
	done; exit $${failed:-0}

INPUTS ?= 1000000

fuzz: .venv/fuzzer
	$(BIN)/python -m tests.fuzz --inputs $(INPUTS)

bench: .venv/tools $(PEERS)/node_modules/.package-lock.json
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/profile_cold.py
	$(BIN)/python benchmarks/importers.py
	$(BIN)/python benchmarks/embedding.py
	$(BIN)/python benchmarks/taste.py
	$(BIN)/python benchmarks/large_profile.py
	$(BIN)/python benchmarks/batch.py
	$(BIN)/python -m benchmarks.answering
	$(BIN)/python -m benchmarks.verification_bounds
	$(BIN)/python -m benchmarks.verifier_serve
	$(BIN)/python benchmarks/purpose_fit.py
	$(BIN)/python benchmarks/refusal_timing.py
	$(BIN)/python benchmarks/membership.py
	$(BIN)/python benchmarks/disclosure.py --cache .venv/benchmarks
	$(BIN)/python benchmarks/attack.py --cache .venv/benchmarks
	$(BIN)/python benchmarks/exposure.py --cache .venv/benchmarks

model: .venv/tools
	$(BIN)/python -m ipse.preferences.embedding.ship

completions: .venv/installed
	for shell in bash fish zsh; do \
		$(BIN)/python -m ipse.cli.completion $$shell > completions/ipse.$$shell || exit 1; \
	done

dist: .venv/tools
	$(BIN)/python -m build --quiet --outdir dist

clean:
	rm -rf .venv dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage
