# `make demo` shows what a2i does; `make test` runs lint and every test. Both make .venv first.
PYTHON ?= $(shell for p in python3.12 python3.11 python3.10 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null \
	&& command -v $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
DEMO_MINUTES ?= 5

.PHONY: help install demo test soak lint format bench clean

help:
	@echo "make demo     render, train $(DEMO_MINUTES) minutes, evaluate, draw, export (10 minutes or more)"
	@echo "make test     lint and every test"
	@echo "make soak     the server's and the page's tests, the long form: 20,000 wrong requests, 5,000 right ones of 32 clients"
	@echo "make install  make .venv with a2i and its development tools"
	@echo "make lint     ruff and mypy"
	@echo "make format   let ruff format"
	@echo "make bench    measure speed"
	@echo "make clean    remove what the tools cache"

install: $(VENV)/installed

$(VENV)/installed: setup.cfg pyproject.toml
	@test -n "$(PYTHON)" || { echo "error: a2i needs Python 3.10, 3.11 or 3.12; install one, or say make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || { echo "error: $(PYTHON) is $$($(PYTHON) --version); a2i needs Python 3.10, 3.11 or 3.12" >&2; exit 1; }
	@echo "making $(VENV) with $$($(PYTHON) --version): 3 GB of packages on disk, a minute or two"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,bench]'
	@touch $@

demo: install
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh $(DEMO_MINUTES)

test: lint
	$(BIN)/python -m pytest -n 3 --dist loadfile

soak: install
	A2I_SOAK=1 $(BIN)/python -m pytest -s tests/test_serving_*.py tests/test_page*.py

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: install
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.serving

clean:
	rm -rf .mypy_cache .pytest_cache .ruff_cache build dist *.egg-info
