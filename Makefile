# Two commands: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= python3
BIN := .venv/bin
TEMPLATES := templates accounts trading payments panel
export PYTHON

.PHONY: help run sandbox shell test soak lint bench lock clean
.DEFAULT_GOAL := help

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 18
	@echo "Settable: PORT (8000), SANDBOX_PORT (9100), DATA_DIR (var), BIND (127.0.0.1);"
	@echo "DATABASE_URL, REDIS_URL and more in .env.example."

run: ## The whole panel with demo data: web, worker, beat, sandbox; Ctrl-C stops it
	@scripts/environment.sh base
	@$(BIN)/python -m scripts.run

sandbox: ## The sandbox MT4 server alone; ACCOUNTS, SEED, CLOCK, MARKET for its data and time
	@scripts/environment.sh base
	@$(BIN)/python -m panel.mt4.sandbox --port $(or $(SANDBOX_PORT),9100) \
		--data $(or $(DATA_DIR),var)/sandbox $(if $(ACCOUNTS),--accounts $(ACCOUNTS)) \
		$(if $(SEED),--seed $(SEED)) $(if $(CLOCK),--clock $(CLOCK)) \
		$(if $(MARKET),--market $(MARKET))

shell: ## Django's shell in the surroundings of `make run`
	@scripts/environment.sh base
	@$(BIN)/python -m scripts.manage shell

test: ## Every test, the browser, PostgreSQL and Redis ones included
	@scripts/environment.sh dev
	@scripts/test.sh

soak: ## An hour of payments under every fault there is; HOURS or MINUTES, SEED for another one
	@scripts/environment.sh dev
	@$(BIN)/python -m tests.soak $(if $(SEED),--seed $(SEED)) \
		--minutes $(or $(MINUTES),$$(( $(or $(HOURS),1) * 60 )))

lint: ## Style, types, templates, import arrows, migrations, deployment checks
	@scripts/environment.sh dev
	@scripts/lint.sh

bench: ## What the sandbox and the panel do in a second, against sending without a panel
	@scripts/environment.sh dev
	@$(BIN)/python -m panel.mt4.sandbox.bench
	@$(BIN)/python -m panel.mt4.sandbox.bench --large
	@$(BIN)/python -m tests.bench

lock: ## Compile requirements/*.in into locked versions with hashes
	@scripts/environment.sh dev
	@scripts/lock.sh

clean: ## Remove what can be made again; DATA_DIR stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
