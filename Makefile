# `make demo` and `make test` set up what they need: Python 3.11+ and make, nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp

.PHONY: demo test soak bench train gazetteer lint format setup docs clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable . --group dev
	touch $@

demo: $(STAMP)
	@$(BIN)/telex demo

test: $(STAMP)
	$(BIN)/python -m pytest -n 3 --dist worksteal -m "not soak"

soak: $(STAMP)
	$(BIN)/python -m pytest -m soak -s --timeout 0

# All of it takes 25 minutes; `make bench PARTS=micro` seconds. `bench.py report` renders what --json holds.
bench: $(STAMP)
	$(BIN)/python tests/bench/bench.py $(PARTS) --json var/bench.json

# Writes `services/telex/tagging/data/topics` anew from the vocabulary, the lexicons and the labels; two minutes.
train: $(STAMP)
	$(BIN)/python -m pip install --quiet --group train
	$(BIN)/python tests/training/concepts.py
	OMP_NUM_THREADS=1 $(BIN)/python tests/training/train.py

# Writes `services/telex/tagging/data/places/gazetteer.json` anew from CLDR's and GeoNames' names; ten seconds.
gazetteer: $(STAMP)
	$(BIN)/python -m pip install --quiet --group gazetteer
	$(BIN)/python tests/training/gazetteer.py

lint: $(STAMP)
	$(BIN)/ruff check services tests
	$(BIN)/ruff format --check services tests
	$(BIN)/mypy

format: $(STAMP)
	$(BIN)/ruff check --fix services tests
	$(BIN)/ruff format services tests

docs: $(STAMP)
	$(BIN)/cog -r -P README.md

clean:
	rm -rf $(VENV) dist build var
