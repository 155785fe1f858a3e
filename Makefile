# Linkus Desktop. Start with `make demo` or `make test`; each sets up what it needs first.
.DEFAULT_GOAL := help
.PHONY: help setup demo test unit soak bench screenshots packages lint constraints clean
PYTHON := .venv/bin/python

help: ## these lines
	@sed -n 's/^\([a-z]*\):.*## /\1  /p' $(MAKEFILE_LIST) | awk '{ printf "make %-13s", $$1; $$1 = ""; print }'

setup: ## install what is missing: Debian packages, .venv, the private Asterisk
	@python3 -m tools.setup

demo: setup ## a company, its PBX and two clients that talk to each other (HOLD=1 stays up)
	@$(PYTHON) -m demo $(if $(filter-out 0,$(HOLD)),--hold)

test: setup ## every check: lint, unit, server, PostgreSQL, client, phone, windows, real phones
	@$(PYTHON) -m tools.check all

unit: setup ## the fast tests only
	@$(PYTHON) -m tools.check unit

lint: setup ## ruff, mypy, import-linter
	@$(PYTHON) -m tools.check lint

soak: setup ## long proofs
	@$(PYTHON) -m tools.check soak

bench: setup ## start-up, memory, call set-up time, calls per second
	@python3 -m tools.setup --sections client,bench
	@$(PYTHON) -m benchmarks

screenshots: setup ## the pictures in docs/screenshots
	@$(PYTHON) -m tools.screenshots

packages: setup ## the client as a folder and a .deb, the wheel; in dist/
	@$(PYTHON) -m tools.packages

constraints: setup ## renew constraints/all.txt
	@$(PYTHON) -m tools.constraints

clean: ## remove what was made here; .venv too
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
