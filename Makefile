# Lianxin 连心. `make help` lists what there is.
# Every target does the set-up it needs; a second run only compares fingerprints.

PORT ?= 8000
PYTHON ?= python3
TESTS ?= tests
WORKERS ?= 2
export PORT PYTHON

BIN := .venv/bin
SETUP := @tools/setup.sh
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

.PHONY: help
help: ## List every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: ## Only the set-up: virtual environment, dependencies with checked hashes, front end
	$(SETUP) run

.PHONY: run
run: install ## Start the living demo and print where to click (PORT=8000 chooses the port)
	@LIANXIN_DEMO=$${LIANXIN_DEMO-1} exec $(BIN)/lianxin up

.PHONY: setup-test
setup-test: ## Only the set-up of the tests: the same plus test tools, Chromium, PostgreSQL and fonts
	$(SETUP) test

.PHONY: test
test: setup-test ## Every test: both databases, real broker, real Chromium (TESTS=tests/engine chooses some)
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(TESTS)

.PHONY: bench
bench: setup-test ## Figures of both databases: completions beside their floors, the inbox at 1k, 10k and 100k tasks
	@$(BIN)/python -m tests.bench

.PHONY: soak
soak: setup-test ## The long runs: 10,000 random diagrams, 20,000 timers under kill -9 and crashes (SOAK_TIMERS=... SOAK_SEED=...)
	@LIANXIN_EXAMPLES=10000 $(BIN)/pytest tests/engine/bpmn/test_property.py
	@SOAK=1 $(BIN)/pytest -s tests/soak tests/web/test_concurrency.py

.PHONY: check
check: setup-test ## Style, types, who may import whom, compose file, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/hadolint Dockerfile

.PHONY: format
format: setup-test ## Rewrite the Python sources in the house's format
	$(BIN)/ruff check --fix --select I,UP .
	$(BIN)/ruff format .

.PHONY: frontend
frontend: ## Build the front end again (web/modeler into web/static/dist)
	@tools/setup.sh frontend

.PHONY: migration
migration: setup-test ## Write a revision of the tables from changed models: make migration NAME="what changes"
	@$(BIN)/python tools/migration.py "$(NAME)"

.PHONY: lock
lock: ## Write the locks again after a version in pyproject.toml or package.json changed
	@tools/lock.sh

.PHONY: clean
clean: ## Remove what can be made again; the data in var/ stays
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache .import_linter_cache web/modeler/node_modules web/static/dist
