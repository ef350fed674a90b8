# `make demo` plays the story on this machine; `make test` checks everything. Both set up what they need.
PYTHON := $(firstword $(shell for p in python3.14 python3.13 python3.12 python3.11 python3 python; do \
	  $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done))
BIN := .venv/bin
READY := .venv/ready
# What writes the lock files: another version may write them differently.
UV := uv==0.13.9

.PHONY: demo quick test lint types unit bench scale soak mutants lock pictures sbom clean

demo: $(READY)
	$(BIN)/verifier demo $(ARGS)

# For every change: under a minute of processor time. `make test` searches properties for longer.
quick: lint types
	PROPERTY_EXAMPLES=25 $(BIN)/pytest -q -n 2 --dist worksteal -m "not soak and not emulator" tests/unit tests/properties

test: lint types unit

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

unit: $(READY)
	$(BIN)/pytest -n 3 --dist worksteal

bench: $(READY)
	$(BIN)/pytest -q -m soak tests/benchmarks
	$(BIN)/python -m tests.benchmarks

# The load of a large organisation in virtual time, each goal beside what 0.1.0 did; fails where one is missed. Minutes.
scale: $(READY)
	$(BIN)/python -m tests.scale

# As long as told: crashes, faults and planted bugs, properties, every ordered pair of crashes, seed after seed, a
# flood of duplicates, and builds under faults. Whatever one of them finds, the others are tried, too.
export SEEDS ?= 100000
export BUILDS ?= 10000
soak: $(READY)
	$(BIN)/python -m tests.soak.stages

# The rules that verdicts rest on, changed in every small way: which changes does no test notice? At least 90 % of them
# must be noticed. `make mutants ONLY=verifier/checks/verdict.py` tries one module.
mutants: $(READY)
	$(BIN)/python -m tests.mutation $(ONLY)

# Every lock file, from pyproject.toml. Needs the network; everything else installs from them with hashes.
lock: $(READY)
	$(BIN)/pip install --quiet $(UV)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --upgrade pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" --constraint requirements.txt --extra cli --extra dev pyproject.toml -o requirements-dev.txt
	printf 'cyclonedx-bom\n' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate \
	  --custom-compile-command "make lock" - -o requirements-release.txt

# The README's pictures, taken of the demo by a headless Chromium: after a change of what people see.
pictures: $(READY)
	$(BIN)/python -m tests.browser.pictures

# What the function is made of, for a release: sbom.json (CycloneDX), from requirements.txt. Needs the network.
sbom:
	$(PYTHON) -m venv .venv-release
	.venv-release/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.txt
	.venv-release/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible --validate \
	  -o sbom.json

$(READY): requirements-dev.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer with venv is needed, and none was found on PATH; install python3 and python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

clean:
	rm -rf .venv .venv-release sbom.json .mypy_cache .ruff_cache .pytest_cache .hypothesis
