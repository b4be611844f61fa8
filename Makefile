# Two commands set everything up: `make demo` runs the pipeline on a sample, `make test` checks the project.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-slow lint lock models bench fuzz clean

demo: .venv/translate.done
	$(BIN)/kyojitsu models pull qwen-1.5b
	$(BIN)/kyojitsu run corpus/sample -o outputs/demo

test: .venv/dev.done lint
	$(BIN)/pytest -m "not slow"

test-slow: .venv/dev.done
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest --timeout 3600

lint: .venv/dev.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# After a change to a data file of configs/: its hash in the lock file.
lock: .venv/translate.done
	$(BIN)/python -m pipeline.models.lock

# Trains what ships anew (about half an hour) and compares its figures with the shipped ones.
models: .venv/dev.done
	OMP_NUM_THREADS=1 $(BIN)/python -m pipeline.training.ship corpus pipeline/models/bundled

# Half an hour for each target; `pip install atheris` makes it coverage-guided.
fuzz: .venv/dev.done
	for target in readers normalizer numbers configuration gold patterns; do $(BIN)/python tests/fuzz/run.py $$target || exit 1; done

bench: .venv/dev.done
	PYTHONPATH=tests $(BIN)/python tests/benchmarks/run.py

.venv/translate.done: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) -e '.[translate]'
	touch $@

.venv/dev.done: .venv/translate.done
	$(PIP) -e '.[translate,dev]'
	touch $@

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
