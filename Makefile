# Two commands set everything up: `make demo` runs the pipeline on a sample, `make test` checks the project.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test test-slow lint lock models bench fuzz release clean

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

# Trains what ships anew (two hours and more) and compares its figures with the shipped ones.
models: .venv/dev.done
	OMP_NUM_THREADS=1 $(BIN)/python -m pipeline.training.ship corpus pipeline/models/bundled

# Half an hour of fuzzing for each target: coverage-guided where atheris can be installed, else with hypothesis.
FUZZ_SECONDS ?= 1800
fuzz: .venv/dev.done
	$(BIN)/pip install --quiet --disable-pip-version-check atheris || echo "atheris is not to be had here: fuzzing with hypothesis"
	for target in readers normalizer numbers configuration gold patterns; do \
	  OMP_NUM_THREADS=1 $(BIN)/python tests/fuzz/run.py $$target --seconds $(FUZZ_SECONDS) || exit 1; \
	done

# What goes with a release, into dist/: licences and SBOM of what users install, with every extra but `train` (PyTorch
# brings packages for each machine's own hardware); none may have a known vulnerability. See docs/security.md.
RELEASE := build/release
release:
	rm -rf $(RELEASE) && mkdir -p $(RELEASE) dist
	$(PYTHON) -m venv $(RELEASE)/env && $(PYTHON) -m venv $(RELEASE)/tools
	$(RELEASE)/env/bin/pip install --quiet --disable-pip-version-check -c constraints.txt '.[evaluate,ray]'
	$(RELEASE)/tools/bin/pip install --quiet --disable-pip-version-check cyclonedx-bom pip-audit pip-licenses
	$(RELEASE)/tools/bin/pip-licenses --python $(RELEASE)/env/bin/python --format markdown --with-urls --order name \
	  --partial-match --fail-on "Affero;Proprietary;UNKNOWN" > dist/licences.md
	$(RELEASE)/tools/bin/cyclonedx-py environment $(RELEASE)/env/bin/python --pyproject pyproject.toml \
	  --output-reproducible --output-file dist/sbom.cdx.json
	$(RELEASE)/env/bin/pip freeze --exclude kyojitsu > $(RELEASE)/requirements.txt
	$(RELEASE)/tools/bin/pip-audit --strict --no-deps --disable-pip --requirement $(RELEASE)/requirements.txt || { \
	  echo "A package above has a known vulnerability, or pypi.org's vulnerability service could not be asked."; exit 1; }

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
