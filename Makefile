# PayGate on a fresh machine: `make demo` and `make test` do all the set-up themselves (Python 3.11+, nothing else).
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
WORKERS ?= auto

.PHONY: help demo test check setup woocommerce lock format clean
help: ## Show what there is.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 13

demo: $(READY) ## Play a whole payment in the terminal: QR, bank credit, PAID, webhook, ledger.
	@$(BIN)/paygate demo

test: $(READY) ## Run the whole suite (real PostgreSQL, real HTTP).
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: $(READY) ## Lint, types, import contracts: what the suite checks too, quicker alone.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

setup: $(READY) ## Only set up .venv with the locked versions.

$(READY): requirements-dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "PayGate needs Python 3.11 or later: make PYTHON=python3.12 ..." >&2; exit 1; }
	@echo "Setting up $(VENV) with the locked versions (once, about a minute)..."
	@$(PYTHON) -m venv $(VENV) || { echo "Python's venv module is missing: on Debian and Ubuntu, apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

woocommerce: ## Make the zip of the WooCommerce plugin, in dist/.
	@$(PYTHON) integrations/woocommerce/build.py --output dist

lock: $(READY) ## Renew uv.lock and requirements-dev.txt after a change of dependencies (needs uv).
	uv lock
	uv export --quiet --no-header --frozen --all-extras --group dev --no-emit-project --format requirements-txt --output-file requirements-dev.txt

format: $(READY) ## Format the code.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean: ## Remove .venv and caches.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache dist build
