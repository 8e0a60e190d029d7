# `make run` and `make test` do all of their own set-up. The rest is for people who change the code.
SHELL := /bin/bash
PY := .venv/bin/python
WORKERS ?= 2
PYTEST ?=

.PHONY: help run test lint format bench vendor
.DEFAULT_GOAL := help

help:
	@echo "make run      set up and serve on http://127.0.0.1:8000 (HOST, PORT, STUDIO_DATA_DIR)"
	@echo "make test     set up and run every check and test (PYTEST='-k name' for some)"
	@echo "make lint     ruff, mypy and import-linter"
	@echo "make format   rewrite the code as ruff formats it"
	@echo "make bench    measure the sandbox and the API on this machine"
	@echo "make vendor   rebuild static/vendor (needs Node and npm)"

run:
	@bin/setup run
	@exec $(PY) manage.py runstudio

test:
	@bin/setup test
	@exec $(PY) -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST)

lint:
	@bin/setup test
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy . && .venv/bin/lint-imports

format:
	@bin/setup test
	@.venv/bin/ruff check --fix-only . && .venv/bin/ruff format .

bench:
	@bin/setup test
	@exec $(PY) -m bench

vendor:
	npm ci --ignore-scripts --no-audit --no-fund
	npm run --silent build
