# The commands of this project; each sets up what it needs.
BIN := .venv/bin
DATA_DIR ?= data
# Programs that the set-up put there, kubectl for one, come before the machine's own.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.PHONY: run test lint contract bench bench-smoke setup setup-peers

run: setup
	@$(BIN)/isctl serve --data-dir $(DATA_DIR)

test: setup-peers lint
	$(BIN)/pytest

lint: setup-peers
	$(BIN)/ruff check src tests bench scripts
	$(BIN)/ruff format --check src tests bench scripts
	$(BIN)/mypy
	$(BIN)/lint-imports

# Replays the recorded answers of a real OpenShift API server on a fresh server; TRANSCRIPTS names other ones.
TRANSCRIPTS ?= $(wildcard tests/contract/transcripts/*.json)
contract: setup-peers
	$(BIN)/python -m tests.contract.run $(TRANSCRIPTS)

bench: setup-peers
	$(BIN)/python -m bench

bench-smoke: setup-peers
	$(BIN)/python -m bench --smoke

setup:
	@scripts/setup.sh

setup-peers:
	@scripts/setup.sh peers
