# The commands of this project; each sets up what it needs.
BIN := .venv/bin

.PHONY: test lint setup setup-peers

setup:
	@scripts/setup.sh

setup-peers:
	@scripts/setup.sh peers

test: setup-peers lint
	$(BIN)/pytest

lint: setup-peers
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports
