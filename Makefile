# Every target sets up .venv by itself; the second run starts at once.
.DEFAULT_GOAL := help
.PHONY: help demo test test-long check format bench reliability device-faults fuzz test-hardware mutants lock clean

PYTHON ?=
export PYTHON
BIN := .venv/bin
READY := .venv/.ready

# Twice as many workers as cores: while the tests of one wait, another's compute.
PYTEST = $(BIN)/pytest -n $$((2 * $$(nproc))) --dist worksteal -rs

help: ## this list
	@echo 'make TARGET [ARGS="…"]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml .ci/venv
	@.ci/venv

demo: $(READY) ## a whole ward with simulated patients: make demo ARGS="--beds 2"
	@$(BIN)/postdose demo $(ARGS)

test: $(READY) ## every test, the same each time: make test ARGS="tests/drivers -k nonin"
	@$(PYTEST) $(ARGS)

test-long: $(READY) ## every test, random searches long and elsewhere each time: an hour
	@POSTDOSE_TESTS=long $(PYTEST) --timeout=0 $(ARGS)

check: $(READY) ## format, lint, types and import contracts
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@NO_COLOR=1 $(BIN)/lint-imports --no-logo

format: $(READY) ## rewrite the code in the project's format
	@$(BIN)/ruff check --fix --quiet --select I .
	@$(BIN)/ruff format .

bench: $(READY) ## measure latency and throughput
	@$(BIN)/python -m tests.bench $(ARGS)

reliability: $(READY) ## break a ward again and again, and count what is lost
	@$(BIN)/python -m tests.reliability $(ARGS)

device-faults: $(READY) ## try every fault of every simulated device at a bed, and write the table
	@$(BIN)/python -m tests.device_faults $(ARGS)

fuzz: $(READY) ## feed the codecs what no device sends: make fuzz ARGS="--seconds 600 nonin"
	@$(BIN)/python -m tests.fuzz $(ARGS)

test-hardware: $(READY) ## try the device at a real port: make test-hardware PORT=/dev/ttyUSB0
	@PORT="$(PORT)" $(BIN)/pytest -q -rsP tests/hardware/real_port.py $(ARGS)

mutants: $(READY) ## mutate the clinical core and list what no test detects
	@$(BIN)/python -m tests.mutants $(ARGS)

lock: ## resolve the dependencies again (needs uv): make lock ARGS="--upgrade"
	@uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet \
		$(ARGS) -o requirements.lock
	@uv pip compile pyproject.toml --extra pdf --universal --python-version 3.11 \
		--generate-hashes --no-emit-index-url --no-annotate --no-header --quiet \
		--constraints requirements.lock -o monitor/requirements.lock

clean: ## remove .venv and everything built or cached
	@rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .mutants
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
