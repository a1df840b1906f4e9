# book, test, test-browser, lab, exercises, bench: see README.md. VENV=... uses another environment.
# quick TOPIC=pooling, mutants: see CONTRIBUTING.md.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
READY := $(VENV)/.ready
export OMP_NUM_THREADS := 1
export LIVE  # LIVE=local: the book holds what its live cells load
PYTEST := $(PY) -m pytest -n 2 --dist worksteal -rs
# Three: a worker waits while its notebook's kernel starts.
NBVAL := $(PY) -m pytest -n 3 --dist loadscope -q -p no:cacheprovider --nbval-cell-timeout=300
BROWSER := $(PYTEST) tests/browser
MUTMUT := mutmut==3.8.1

.PHONY: book test quick mutants test-browser lab exercises bench address

book: $(READY)
	$(PY) book/build.py

test: export TQDM_DISABLE = 1
test: $(READY)
	$(PY) -m ruff check .
	$(PY) solutions/generate.py --check
	$(PY) book/_ext/notebooks.py --check
	$(PY) book/build.py
	$(PY) book/_ext/notebooks.py --executed
	$(PY) solutions/generate.py
	$(NBVAL) --nbval _build/notebooks
	$(NBVAL) --nbval _build/solutions
	$(NBVAL) --nbval-lax exercises
	$(PYTEST) tests/end_to_end
	$(BROWSER) -m "not long"
	$(PYTEST) tests --ignore=tests/bench --ignore=tests/end_to_end --ignore=tests/browser

quick: $(READY)
	$(PYTEST) $(wildcard tests/$(TOPIC) tests/test_$(TOPIC).py) tests/test_specs.py \
		-k "$(TOPIC) and not float32 and not cuda"

mutants: $(READY)
	$(PY) -m pip install --quiet --disable-pip-version-check $(MUTMUT)
	$(BIN)/mutmut run
	$(BIN)/mutmut export-cicd-stats
	$(BIN)/mutmut badge --output _build/mutants.json
	cat _build/mutants.json
	$(BIN)/mutmut results

test-browser: book
	$(BROWSER)

lab: $(READY)
	$(BIN)/jupyter lab exercises

exercises: $(READY)
	$(PY) solutions/generate.py
	$(PY) book/_ext/notebooks.py

bench: $(READY)
	$(PY) -m pytest tests/bench

address: $(READY)
	$(PY) book/_ext/address.py --write
	$(MAKE) exercises

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) is %d.%d. Try: make PYTHON=python3.12" % v)'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch $@
