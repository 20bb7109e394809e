# Two commands for a fresh machine: `make demo` and `make test`. Everything is put into .venv,
# from the locks in requirements/, by hash; the stamps below say when it has to be done again.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell sh tools/find-python)
TESTS ?= tests
PYTEST ?= -n 3

# A machine may forbid byte code; everything that is started twice starts slower without it.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check format bench bench-server bench-deploy docs lock wheel clean
.DEFAULT_GOAL := help

help: ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

# KEEP=1 leaves the server running, DEMO=stop stops it; DEMO=deploy is the last part alone, DEMO=run
# does without all of it.
demo: $(VENV)/.ready ## Serve, push the sample application, follow its build, deploy it to a host
	@sh tools/system-packages git bubblewrap iproute2 mmdebstrap openssh-server
	@$(BIN)/python tools/demo.py $(DEMO)

test: $(VENV)/.ready ## Run all tests: unit, integration, acceptance
	@sh tools/system-packages git bubblewrap redis-server postgresql \
	    curl cron iproute2 logrotate mmdebstrap nftables nginx openssh-server sudo supervisor
	@$(BIN)/python -m pytest $(PYTEST) $(TESTS)

check: $(VENV)/.ready ## Check format, lint, types and the import contract
	$(BIN)/ruff format --check . examples/bank
	$(BIN)/ruff check . examples/bank
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.ready ## Format the code and mend what can be mended by itself
	$(BIN)/ruff check --fix . examples/bank
	$(BIN)/ruff format . examples/bank

bench: $(VENV)/.ready-bench ## Measure ourselves beside bare commands, tox and nox
	@$(BIN)/python -m bench $(BENCH)

bench-server: $(VENV)/.ready ## Measure the server beside Buildbot; BENCH=--quick in two minutes
	@sh tools/system-packages git bubblewrap curl
	@$(BIN)/python -m bench.server $(BENCH)

bench-deploy: $(VENV)/.ready-bench ## Measure deployments beside Fabric and pyinfra (as root); BENCH=--quick
	@sh tools/system-packages git bubblewrap iproute2 mmdebstrap nginx openssh-server
	@$(BIN)/python -m bench.deploy $(BENCH)

docs: $(VENV)/.ready-docs ## Build the documentation into docs/_build/html
	@$(BIN)/sphinx-build -E -W --keep-going -q -b html docs docs/_build/html
	@echo "docs/_build/html/index.html"

lock: $(VENV)/.ready ## Lock the newest versions that pyproject.toml allows
	@$(BIN)/python tools/lock.py

wheel: $(VENV)/.ready ## Build the wheel into dist/, and try it in an environment of its own
	@rm -rf dist
	@$(BIN)/python -m hatchling build -t wheel -t sdist
	@sh tools/try-wheel dist/*.whl "$(PYTHON)"

clean: ## Remove what was built (not .venv)
	rm -rf dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.ready: requirements/dev.txt pyproject.toml tools/make-venv tools/venv.sh
	@sh tools/make-venv $(VENV) "$(PYTHON)" $<
	@touch $@

$(VENV)/.ready-%: requirements/%.txt $(VENV)/.ready
	@sh tools/make-venv $(VENV) "$(PYTHON)" $<
	@touch $@
